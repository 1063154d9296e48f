"""A pod that was planned as a target, as it is now."""

from actions.fault import RefusedError, Target
from actions.selection.pod import Pod
from clients.kube import PODS, Kube, NotFoundError


def present(kube: Kube, target: Target) -> Pod | None:
    """This very pod, or None when it is gone (a namesake is another one)."""
    try:
        pod = Pod.from_document(kube.get(PODS, target.name, target.namespace))
    except NotFoundError:
        return None
    return pod if pod.uid == target.uid else None


def still_healthy(kube: Kube, target: Target) -> Pod:
    """This very pod, as healthy as it was planned. Raises RefusedError."""
    pod = present(kube, target)
    if pod is None or pod.terminating or pod.finished:
        raise RefusedError(f"{target} went away before it could be hit")
    if not pod.ready:
        raise RefusedError(f"{target} is not ready any more: breaking what is broken would prove nothing")
    return pod


def is_leaving(kube: Kube, target: Target) -> bool:
    """Whether this very pod is gone or on its way out."""
    pod = present(kube, target)
    return pod is None or pod.terminating or pod.finished
