"""The disruption budgets that stand over pods."""

from collections.abc import Sequence

from actions.fault import DisruptionBudget
from actions.selection.labels import matches
from actions.selection.pod import Pod
from clients.kube import DISRUPTION_BUDGETS, Document, Kube


def budgets_over(kube: Kube, pods: Sequence[Pod], respected: bool) -> tuple[DisruptionBudget, ...]:
    """The PodDisruptionBudgets of these pods; `respected` says whether the fault asks them (an eviction does)."""
    found = []
    for namespace in sorted({pod.namespace for pod in pods}):
        here = [pod for pod in pods if pod.namespace == namespace]
        for budget in kube.find(DISRUPTION_BUDGETS, namespace):
            taken = sum(matches(budget["spec"].get("selector"), pod.labels) for pod in here)
            if taken:
                name = budget["metadata"]["name"]
                found.append(DisruptionBudget(name, namespace, _allowed(budget), taken, respected))
    return tuple(found)


def crowded(kube: Kube, pods: Sequence[Pod]) -> list[tuple[Pod, list[str]]]:
    """Those of these pods that several budgets select, with the budgets' names: they cannot be evicted at all."""
    budgets = {namespace: kube.find(DISRUPTION_BUDGETS, namespace) for namespace in {pod.namespace for pod in pods}}
    selected = [
        (
            pod,
            [
                one["metadata"]["name"]
                for one in budgets[pod.namespace]
                if matches(one["spec"].get("selector"), pod.labels)
            ],
        )
        for pod in pods
    ]
    return [(pod, names) for pod, names in selected if len(names) > 1]


def _allowed(budget: Document) -> int:
    """Evictions that it allows now; none while its controller has not seen its last change."""
    status = budget.get("status") or {}
    if int(status.get("observedGeneration") or 0) < int(budget["metadata"].get("generation") or 0):
        return 0
    return int(status.get("disruptionsAllowed") or 0)
