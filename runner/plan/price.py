"""What drafts cost together: each pod, node and GPU counted once, however many faults hit it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from actions.fault import Affected, Draft, TargetKind
from runner.plan.model import Capacity

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Price:
    """What the faults of a plan take out of service together. Pods and secrets are `namespace/name`.

    `gpus` go with their nodes or vanish; `idle_gpus` are these, and those of pods that are hit (in a gang everybody's),
    which are there and have nothing to do.
    """

    pods: frozenset[str]
    nodes: frozenset[str]
    paths: frozenset[str]
    secrets: frozenset[str]
    silences: frozenset[str]
    gpus: int
    idle_gpus: int
    capacity: tuple[Capacity, ...]

    def gpu_hours(self, duration_seconds: float) -> float:
        """GPU-hours that stand still if every fault stays in until it expires."""
        return self.idle_gpus * duration_seconds / HOUR


def price(drafts: Sequence[Draft]) -> Price:
    """The price of all drafts of one plan."""
    capacity = _capacities(affected for draft in drafts for affected in draft.affected)
    lost = {f"{one.namespace}/{pod}" for one in capacity for pod in one.hit}
    return Price(
        pods=frozenset(lost | _targets(drafts, "pod")),
        nodes=frozenset({node for draft in drafts for node in draft.nodes} | _targets(drafts, "node")),
        paths=frozenset(_targets(drafts, "path")),
        secrets=frozenset(_targets(drafts, "secret")),
        silences=frozenset(_targets(drafts, "alert")),
        gpus=_gpus([draft for draft in drafts if draft.nodes or draft.gpus]),
        idle_gpus=_gpus(drafts),
        capacity=capacity,
    )


def _gpus(drafts: Sequence[Draft]) -> int:
    held = sum(one.gpus for one in _capacities(affected for draft in drafts for affected in draft.affected))
    return held + sum(draft.gpus for draft in drafts)


def namespaces(draft: Draft) -> set[str]:
    """Every namespace that something is hit in."""
    found = {target.namespace for target in draft.targets} | {one.namespace for one in draft.affected}
    return (found | set(draft.namespaces)) - {""}


def _targets(drafts: Sequence[Draft], kind: TargetKind) -> set[str]:
    targets = (target for draft in drafts for target in draft.targets if target.kind == kind)
    return {f"{target.namespace}/{target.name}" if target.namespace else target.name for target in targets}


def _capacities(affected: Iterable[Affected]) -> tuple[Capacity, ...]:
    found: dict[tuple[str, str], Capacity] = {}
    for one in affected:
        key = (one.namespace, one.workload)
        alone = Capacity(one.workload, one.namespace, one.ready, tuple(sorted(set(one.pods))), one.gang, one.gpus)
        found[key] = _together(found[key], alone) if key in found else alone
    return tuple(found[key] for key in sorted(found))


def _together(first: Capacity, second: Capacity) -> Capacity:
    hit = tuple(sorted({*first.hit, *second.hit}))
    gang = first.gang or second.gang
    if gang:
        gpus = max(first.gpus, second.gpus)
    else:
        new = len(hit) - len(first.hit)
        gpus = first.gpus + (-(-second.gpus * new // len(second.hit)) if second.hit else 0)
    return Capacity(first.workload, first.namespace, max(first.ready, second.ready), hit, gang, gpus)
