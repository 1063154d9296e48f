"""Whether a pod that goes, or fails, comes back. Nothing else undoes the loss of a pod."""

from collections.abc import Mapping, Sequence
from typing import Any

from actions.fault import RefusedError
from actions.selection.pod import Owner, Pod
from actions.selection.workloads import Workloads
from clients.kube import WORKLOADS

DEFAULT_BACKOFF_LIMIT = 6


def check_replaced(workloads: Workloads, pods: Sequence[Pod]) -> list[str]:
    """Refuse (RefusedError) unless the controllers of these pods will replace them all; warnings where that is not ours
    to know.
    """
    warnings = []
    for pod in pods:
        owner = pod.owner
        if owner is None:
            raise RefusedError(f"pod {pod.name} has no controller, so nothing would replace it")
        if owner.kind == "Node":
            raise RefusedError(f"pod {pod.name} is a static pod of node {owner.name}: the API cannot take it away")
        if not _is_known(owner):
            warnings.append(f"pod {pod.name} belongs to {owner}; whether that replaces it is its own restart policy's")
            continue
        document = workloads.document(pod.namespace, owner)
        if document is None:
            raise RefusedError(f"{owner}, the controller of pod {pod.name}, is gone, so nothing would replace the pod")
        taken = sum(one.owner == owner for one in pods)
        check_controller(pod, owner, document, taken)
    return warnings


def check_controller(pod: Pod, owner: Owner, controller: Mapping[str, Any], taken: int) -> None:
    """Refuse unless this controller, as it is now, replaces `taken` of its pods, `pod` among them. Pure."""
    spec, status = controller.get("spec") or {}, controller.get("status") or {}
    if "deletionTimestamp" in controller["metadata"]:
        raise RefusedError(f"{owner} is being deleted, so it would not replace pod {pod.name}")
    if owner.kind == "Job":
        _check_job(pod, owner, spec, status, taken)
    elif owner.kind != "DaemonSet" and int(spec.get("replicas", 1)) < 1:
        raise RefusedError(f"{owner} is scaled to 0, so it would not replace pod {pod.name}")


def _check_job(pod: Pod, owner: Owner, spec: Mapping[str, Any], status: Mapping[str, Any], taken: int) -> None:
    ended = [one["type"] for one in status.get("conditions") or () if one.get("status") == "True"]
    if spec.get("suspend") or "Complete" in ended or "Failed" in ended:
        raise RefusedError(f"{owner} is over or suspended, so it would not replace pod {pod.name}")
    if "backoffLimitPerIndex" in spec:
        return
    limit, failed = int(spec.get("backoffLimit", DEFAULT_BACKOFF_LIMIT)), int(status.get("failed") or 0)
    if failed + taken > limit:
        raise RefusedError(
            f"{owner} gives up after {limit} failures (backoffLimit) and has had {failed}: losing {taken} more of its "
            "pods would end it for good; raise backoffLimit first"
        )


def _is_known(owner: Owner) -> bool:
    resource = WORKLOADS.get(owner.kind)
    return resource is not None and resource.group == owner.group
