"""Eviction and binding: the two subresources by which a pod is taken from a node and given to one."""

from typing import Any

from lab.apiserver.admission import now
from lab.apiserver.deletion import DeleteOptions, parse_delete_options
from lab.apiserver.errors import Document, Refused, bad_request, conflict, forbidden
from lab.apiserver.kinds import DISRUPTION_BUDGET, POD
from lab.apiserver.objects import Objects
from lab.apiserver.selectors import label_selector
from lab.apiserver.store import Stored

_TOO_MANY_BUDGETS = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
_REFUSAL = "Cannot evict pod as it would violate the pod's disruption budget."


def evict(objects: Objects, pod: Stored, eviction: Any, query: dict[str, str]) -> None:
    """Delete `pod` if its disruption budget allows it; Refused (429) with the budget as cause if not."""
    options = parse_delete_options((eviction or {}).get("deleteOptions"), query)
    budget = _budget_of(objects, pod)
    if budget and not _needs_no_budget(pod.document(), budget.document()):
        _spend(objects, budget, pod.name, options)
    objects.delete(objects.store.get(POD, pod.namespace, pod.name) or pod, options)


def bind(objects: Objects, pod: Stored, binding: Any) -> None:
    """Give `pod` to the node that `binding` names."""
    target = binding.get("target") if isinstance(binding, dict) else None
    node = target.get("name") if isinstance(target, dict) else None
    if not node:
        raise bad_request("a binding needs target.name, the name of a node")
    document = pod.document()
    if document["metadata"].get("deletionTimestamp"):
        raise conflict("", "pods/binding", pod.name, f"pod {pod.name} is being deleted, cannot be assigned to a host")
    if taken := document["spec"].get("nodeName"):
        raise conflict("", "pods/binding", pod.name, f'pod {pod.name} is already assigned to node "{taken}"')
    document["spec"]["nodeName"] = node
    status = document.setdefault("status", {})
    others = [condition for condition in status.get("conditions") or [] if condition["type"] != "PodScheduled"]
    status["conditions"] = [
        *others,
        {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now()},
    ]
    objects.store.put(POD, document)


def _budget_of(objects: Objects, pod: Stored) -> Stored | None:
    budgets = []
    for budget in objects.store.all(DISRUPTION_BUDGET, pod.namespace):
        test = label_selector(budget.document()["spec"].get("selector"))
        if test and test(pod.labels):
            budgets.append(budget)
    if len(budgets) > 1:
        raise Refused(500, "InternalError", _TOO_MANY_BUDGETS)
    return budgets[0] if budgets else None


def _needs_no_budget(pod: Document, budget: Document) -> bool:
    """Pods that serve nobody may go: over or not begun, already going, or unhealthy while the rest is healthy."""
    status, spec = budget.get("status") or {}, budget["spec"]
    phase = (pod.get("status") or {}).get("phase")
    if phase in ("Succeeded", "Failed", "Pending") or pod["metadata"].get("deletionTimestamp"):
        return True
    if _is_ready(pod):
        return False
    if spec.get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    desired = status.get("desiredHealthy", 0)
    return bool(desired > 0 and status.get("currentHealthy", 0) >= desired)


def _is_ready(pod: Document) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def _spend(objects: Objects, budget: Stored, pod: str, options: DeleteOptions) -> None:
    """Take one disruption off the budget."""
    document = budget.document()
    status = document.setdefault("status", {})
    if status.get("observedGeneration", 0) < document["metadata"].get("generation", 1):
        raise _refused(f"The disruption budget {budget.name} is still being processed by the server.")
    allowed = status.get("disruptionsAllowed", 0)
    if allowed < 0:
        raise forbidden("policy", "poddisruptionbudgets", budget.name, "pdb disruptions allowed is negative")
    if allowed == 0:
        wanted, present = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
        raise _refused(f"The disruption budget {budget.name} needs {wanted} healthy pods and has {present} currently")
    if options.dry_run:
        return
    status["disruptionsAllowed"] = allowed - 1
    status["disruptedPods"] = {**(status.get("disruptedPods") or {}), pod: now()}
    objects.store.put(DISRUPTION_BUDGET, document)


def _refused(message: str) -> Refused:
    return Refused(429, "TooManyRequests", _REFUSAL, {"causes": [{"reason": "DisruptionBudget", "message": message}]})
