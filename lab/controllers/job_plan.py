"""What a Job needs next: pods to create and delete, and whether it is over. Pure."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lab.controllers import pods
from lab.kubeclient import Document

INDEX = "batch.kubernetes.io/job-completion-index"


class Tally(NamedTuple):
    """Pods that ended, those whose objects are gone included."""

    succeeded: int
    failed: int


class Plan(NamedTuple):
    """`create` holds an index per new pod (None for Jobs without indexes); `over` is a reason, "" while it runs."""

    create: list[int | None]
    delete: list[Document]
    completed: set[int]
    over: str
    message: str = ""


def is_indexed(job: Document) -> bool:
    """Whether each of its pods has a completion index of its own."""
    return bool(job["spec"].get("completionMode") == "Indexed")


def index_of(pod: Document) -> int | None:
    """The pod's completion index, if it has a valid one."""
    metadata = pod["metadata"]
    text = (metadata.get("annotations") or {}).get(INDEX) or (metadata.get("labels") or {}).get(INDEX) or ""
    return int(text) if text.isdigit() else None


def parse_indexes(text: str) -> set[int]:
    """The indexes in a text such as "0-2,5"."""
    result: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        result.update(range(int(first), int(last or first) + 1))
    return result


def format_indexes(indexes: Iterable[int]) -> str:
    """The shortest such text: {0, 1, 2, 5} is "0-2,5" and {0, 1} is "0,1"."""
    runs: list[list[int]] = []
    for index in sorted(indexes):
        if runs and index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    parts = (f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)) for run in runs)
    return ",".join(parts)


def plan(job: Document, mine: Sequence[Document], tally: Tally) -> Plan:
    """The next steps for `job`, which controls the pods `mine`."""
    spec = job["spec"]
    active = [pod for pod in mine if pods.is_active(pod)]
    completed = parse_indexes(job.get("status", {}).get("completedIndexes", ""))
    completed |= {i for pod in mine if pods.phase(pod) == "Succeeded" and (i := index_of(pod)) is not None}
    if is_indexed(job):
        completed = {i for i in completed if i < int(spec["completions"])}
    completions = spec.get("completions")
    done = len(completed) if is_indexed(job) else tally.succeeded
    if completions is not None and done >= int(completions):
        return Plan([], active, completed, "Complete")
    if completions is None and tally.succeeded and not active:
        return Plan([], [], completed, "Complete")
    failures = tally.failed + _restarts(spec, active)
    if failures > int(spec.get("backoffLimit", 6)):
        message = "Job has reached the specified backoff limit"
        return Plan([], active, completed, "BackoffLimitExceeded", message)
    if spec.get("suspend"):
        return Plan([], active, completed, "")
    create, delete = _next_indexed(spec, active, completed) if is_indexed(job) else _next(spec, active, tally)
    return Plan(create, delete, completed, "")


def _restarts(spec: Document, active: Sequence[Document]) -> int:
    """With restartPolicy OnFailure a failure is a container's restart, not a failed pod."""
    on_failure = spec["template"]["spec"].get("restartPolicy") == "OnFailure"
    return sum(map(pods.restarts, active)) if on_failure else 0


def _keep_order(active: Sequence[Document]) -> list[Document]:
    """Pods that have come furthest first."""
    return sorted(active, key=lambda pod: (not pods.is_ready(pod), not pods.node_of(pod), _age(pod)))


def _age(pod: Document) -> str:
    return str(pod["metadata"].get("creationTimestamp", ""))


def _next(spec: Document, active: Sequence[Document], tally: Tally) -> tuple[list[int | None], list[Document]]:
    wanted = int(spec.get("parallelism", 1))
    if (completions := spec.get("completions")) is not None:
        wanted = min(wanted, int(completions) - tally.succeeded)
    elif tally.succeeded:  # A work queue: once one pod has found it empty, no new ones are begun.
        wanted = min(wanted, len(active))
    return [None] * max(0, wanted - len(active)), _keep_order(active)[wanted:]


def _next_indexed(
    spec: Document, active: Sequence[Document], completed: set[int]
) -> tuple[list[int | None], list[Document]]:
    taken: dict[int, Document] = {}
    surplus: list[Document] = []
    for pod in _keep_order(active):
        index = index_of(pod)
        if index is None or index in taken or index in completed or index >= int(spec["completions"]):
            surplus.append(pod)
        else:
            taken[index] = pod
    places = int(spec.get("parallelism", 1))
    kept = sorted(taken)
    surplus += [taken[index] for index in kept[places:]]
    missing = [i for i in range(int(spec["completions"])) if i not in completed and i not in taken]
    return list(missing[: max(0, places - len(kept))]), surplus
