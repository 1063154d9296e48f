"""A price against the declared blast radius: how much of each limit is used, and which are exceeded. Pure."""

import math
from collections.abc import Sequence

from actions.planned import PlannedFault
from runner.experiment.guard_block import BlastRadius
from runner.plan.model import Limit, Violation
from runner.plan.price import Price, namespaces

_BLOCK = "blast_radius"


def limits(radius: BlastRadius, price: Price) -> tuple[Limit, ...]:
    """Every limit with what is used of it; the share is that of the workload that loses most."""
    whole = [one for one in price.capacity if not one.gang]
    worst = max(whole, key=lambda one: one.share, default=None)
    gangs = [one for one in price.capacity if one.gang and one.hit]
    hours = price.gpu_hours(radius.duration_seconds)
    if radius.gpu_hours is not None:
        allowed_hours: float | None = radius.gpu_hours.max
    else:
        allowed_hours = 0.0 if gangs and hours else None
    return (
        Limit("pods", "pods.max", len(price.pods), radius.pods.max),
        Limit(
            "share of a workload",
            "pods.percent",
            100 * worst.share if worst else 0.0,
            radius.pods.percent,
            "%",
            worst.workload if worst else "",
        ),
        Limit(
            "gangs",
            "gang",
            len(gangs),
            len(gangs) if radius.gang == "allow" else 0,
            detail=", ".join(one.workload for one in gangs),
        ),
        Limit("nodes", "nodes.max", len(price.nodes), radius.nodes.max, detail=", ".join(sorted(price.nodes))),
        Limit("GPUs", "gpus.max", price.gpus, radius.gpus.max),
        Limit("GPU-hours", "gpu_hours.max", hours, allowed_hours, detail=f"if it lasts {radius.duration}"),
        Limit("network paths", "paths.max", len(price.paths), radius.paths.max),
        Limit("secrets", "secrets.max", len(price.secrets), radius.secrets.max),
        Limit("silenced alerts", "silences.max", len(price.silences), radius.silences.max),
    )


def exceeded(limits: Sequence[Limit]) -> list[Violation]:
    """A violation for each limit that is exceeded."""
    return [_of_limit(limit) for limit in limits if limit.exceeded]


def outside(radius: BlastRadius, faults: Sequence[PlannedFault]) -> list[Violation]:
    """A violation for each namespace that is hit and not declared."""
    allowed = ", ".join(radius.namespaces)
    return [
        Violation(
            fault.activity,
            f"it hits namespace {name}, and only {allowed} may be hit",
            f"select targets in {allowed}, or add {name} to {_BLOCK}.namespaces",
        )
        for fault in faults
        for name in sorted(namespaces(fault.draft) - set(radius.namespaces))
    ]


def refused_evictions(faults: Sequence[PlannedFault]) -> list[Violation]:
    """A violation for each disruption budget that would not let an eviction pass."""
    return [
        Violation(
            fault.activity,
            f"PodDisruptionBudget {budget.namespace}/{budget.name} allows {budget.allowed} of {budget.taken} evictions",
            "wait until more pods are healthy, lower count, or kill instead of evicting",
        )
        for fault in faults
        for budget in fault.draft.budgets
        if budget.respected and budget.taken > budget.allowed
    ]


def passed_budgets(faults: Sequence[PlannedFault]) -> list[str]:
    """A warning for each disruption budget that a fault goes past without asking."""
    return [
        f"{fault.activity}: PodDisruptionBudget {budget.namespace}/{budget.name} would allow {budget.allowed} of "
        f"{budget.taken} disruptions, and {fault.fault} does not ask it"
        for fault in faults
        for budget in fault.draft.budgets
        if not budget.respected and budget.taken > budget.allowed
    ]


def twice(faults: Sequence[PlannedFault]) -> list[Violation]:
    """A violation for each target that one kind of fault is to hit twice: the second time it is not there any more."""
    first: dict[tuple[str, str], str] = {}
    found = []
    for fault in faults:
        for target in fault.draft.targets:
            key = (fault.fault, target.uid or str(target))
            if key in first and first[key] != fault.activity:
                found.append(
                    Violation(
                        fault.activity,
                        f"{target} is picked by {first[key]!r} already",
                        "select other targets, or take several with one action",
                    )
                )
            first.setdefault(key, fault.activity)
    return found


def figure(number: float) -> str:
    """A count or an amount, as short as it is true: limits are compared before they are shown."""
    return f"{number:.0f}" if abs(number - round(number)) < 1e-9 else f"{number:.2g}" if number < 1 else f"{number:.1f}"


def _of_limit(limit: Limit) -> Violation:
    about = f"{limit.detail}: " if limit.detail and limit.key in ("pods.percent", "gang") else ""
    if limit.key == "gang":
        return Violation(
            "gang",
            f"{limit.detail} is gang-scheduled, so one pod of it is the whole job",
            f"select other pods, or declare {_BLOCK}.gang: allow",
        )
    message = f"{about}{figure(limit.used)}{limit.unit} of at most {figure(limit.allowed or 0)}{limit.unit}"
    hours = limit.key == "gpu_hours.max"
    needed = f"{math.ceil(limit.used * 100 - 1e-9) / 100:.10g}" if hours else f"{math.ceil(limit.used - 1e-9)}"
    return Violation(limit.name, message, f"hit less, or raise {_BLOCK}.{limit.key} to {needed}")
