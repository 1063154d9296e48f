"""What a Pod's document says about it."""

from datetime import datetime

from lab.controllers import conditions
from lab.controllers.timestamps import parse
from lab.kubeclient import Document


def phase(pod: Document) -> str:
    """status.phase; Pending where none is told yet."""
    return str(pod.get("status", {}).get("phase") or "Pending")


def is_terminating(document: Document) -> bool:
    """Whether the object's deletion has been asked for."""
    return bool(document["metadata"].get("deletionTimestamp"))


def is_finished(pod: Document) -> bool:
    """Whether its containers have ended for good."""
    return phase(pod) in {"Succeeded", "Failed"}


def is_active(pod: Document) -> bool:
    """Whether it counts as a replica: neither finished nor going."""
    return not is_finished(pod) and not is_terminating(pod)


def is_ready(pod: Document) -> bool:
    """Whether its Ready condition is True."""
    return conditions.is_true(pod, "Ready")


def node_of(pod: Document) -> str:
    """The node that it is bound to, or ""."""
    return str(pod["spec"].get("nodeName") or "")


def ready_seconds(pod: Document, at: datetime) -> float:
    """How long it has been ready (0 if it is not)."""
    ready = conditions.find(pod, "Ready")
    if ready is None or ready["status"] != "True":
        return 0.0
    since = ready.get("lastTransitionTime")
    return max(0.0, (at - parse(since)).total_seconds()) if since else 0.0


def is_available(pod: Document, min_ready_seconds: int, at: datetime) -> bool:
    """Whether it has been ready for `min_ready_seconds`."""
    return is_ready(pod) and (min_ready_seconds <= 0 or ready_seconds(pod, at) >= min_ready_seconds)


def restarts(pod: Document) -> int:
    """Restarts of all its containers."""
    return sum(c.get("restartCount", 0) for c in pod.get("status", {}).get("containerStatuses") or [])
