"""What a Deployment's status says. Pure."""

from collections.abc import Sequence
from datetime import timedelta

from lab.controllers.conditions import condition, find, merged
from lab.controllers.rollout import limits
from lab.controllers.timestamps import now, parse, stamp
from lab.kubeclient import Document

DONE, MOVING = "NewReplicaSetAvailable", "ReplicaSetUpdated"
COUNTED = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")


def _sum(sets: Sequence[Document], field: str) -> int:
    return sum(s.get("status", {}).get(field, 0) for s in sets)


def status_of(deployment: Document, sets: Sequence[Document], new: Document | None) -> Document:
    """The status of a Deployment with these ReplicaSets, of which `new` has the present template."""
    spec = deployment["spec"]
    desired = int(spec.get("replicas", 1))
    asked = sum(int(s["spec"].get("replicas", 1)) for s in sets)
    available = _sum(sets, "availableReplicas")
    status = {
        "observedGeneration": deployment["metadata"].get("generation", 1),
        "replicas": _sum(sets, "replicas"),
        "updatedReplicas": _sum([new] if new else [], "replicas"),
        "readyReplicas": _sum(sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, max(asked, desired) - available),
    }
    known = deployment.get("status", {}).get("conditions")
    status["conditions"] = merged(known, [_availability(spec, desired, available), _progress(deployment, status, new)])
    return status


def _availability(spec: Document, desired: int, available: int) -> Document:
    strategy = spec.get("strategy") or {}
    missing = 0 if strategy.get("type") == "Recreate" else limits(strategy, desired).unavailable
    enough = available >= desired - missing
    reason = "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable"
    message = f"Deployment {'has' if enough else 'does not have'} minimum availability."
    return condition("Available", enough, reason, message)


def is_complete(desired: int, status: Document) -> bool:
    """Whether every pod is of the present template and available, and none of the old ones is left."""
    return all(status[field] == desired for field in COUNTED if field != "readyReplicas")


def _progress(deployment: Document, status: Document, new: Document | None) -> Document:
    spec, before = deployment["spec"], deployment.get("status", {})
    known = find(deployment, "Progressing")
    subject = f'ReplicaSet "{new["metadata"]["name"]}"' if new else "Deployment"

    if spec.get("paused"):
        return condition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")
    if is_complete(int(spec.get("replicas", 1)), status):
        return condition("Progressing", True, DONE, f"{subject} has successfully progressed.")
    if known is not None and status["observedGeneration"] == before.get("observedGeneration"):
        if known["reason"] == DONE:  # Pods come and go after a rollout too; that begins no new one.
            return known
        if all(status[field] == before.get(field, 0) for field in COUNTED):
            if _time_left(spec, known) > timedelta(0):
                return known
            message = f"{subject} has timed out progressing."
            return condition("Progressing", False, "ProgressDeadlineExceeded", message)
    return condition("Progressing", True, MOVING, f"{subject} is progressing.", lastUpdateTime=stamp())


def _time_left(spec: Document, progressing: Document) -> timedelta:
    """Time left until the progress deadline."""
    since = parse(progressing.get("lastUpdateTime") or progressing["lastTransitionTime"])
    return since + timedelta(seconds=int(spec.get("progressDeadlineSeconds", 600))) - now()


def deadline_passes_in(spec: Document, status: Document) -> timedelta | None:
    """When to look again whether the rollout has stalled; None if none is under way."""
    progressing = find({"status": status}, "Progressing")
    if progressing is None or progressing["reason"] != MOVING:
        return None
    return max(_time_left(spec, progressing), timedelta(0))
