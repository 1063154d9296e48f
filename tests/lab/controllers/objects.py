"""Objects for unit tests, as small as the code under test allows."""

from typing import Any

from lab.kubeclient import Document

T0 = "2026-01-01T00:00:00Z"


def reference(kind: str, name: str, uid: str, **more: Any) -> Document:
    """An owner reference that makes the owner a controller."""
    versions = {"Job": "batch/v1", "Pod": "v1", "Service": "v1"}
    version = versions.get(kind, "apps/v1")
    return {"apiVersion": version, "kind": kind, "name": name, "uid": uid, "controller": True, **more}


def pod(
    name: str = "p",
    *,
    node: str = "",
    phase: str = "Running",
    ready: bool | None = None,
    since: str = T0,
    going: bool = False,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    owner: Document | None = None,
    requests: dict[str, str] | None = None,
    created: str = T0,
    ip: str = "",
    **spec: Any,
) -> Document:
    """A pod; ready if it runs, unless `ready` says otherwise. Other keyword arguments go to its spec."""
    metadata: Document = {"namespace": "n", "name": name, "uid": f"uid-{name}", "creationTimestamp": created}
    metadata |= {"labels": labels or {}, "annotations": annotations or {}, "resourceVersion": "1"}
    if going:
        metadata["deletionTimestamp"] = T0
    if owner:
        metadata["ownerReferences"] = [owner]
    is_ready = phase == "Running" if ready is None else ready
    status: Document = {
        "phase": phase,
        "conditions": [{"type": "Ready", "status": str(is_ready), "lastTransitionTime": since}],
    }
    if ip:
        status["podIP"] = ip
    container = {"name": "main", "resources": {"requests": requests or {}}}
    body = {"containers": [container], **({"nodeName": node} if node else {}), **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": body, "status": status}


def node(
    name: str = "a",
    *,
    ready: str = "True",
    labels: dict[str, str] | None = None,
    taints: list[Document] | None = None,
    unschedulable: bool = False,
    **allocatable: str,
) -> Document:
    """A node with 8 cpu, 16Gi and 110 pods unless told otherwise (write nvidia_com__gpu="4" for nvidia.com/gpu)."""
    amounts = {"cpu": "8", "memory": "16Gi", "pods": "110"}
    amounts |= {k.replace("__", "/").replace("_", "."): v for k, v in allocatable.items()}
    own = {"kubernetes.io/hostname": name, **(labels or {})}
    spec: Document = {"taints": taints or []}
    if unschedulable:
        spec["unschedulable"] = True
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "uid": f"uid-{name}", "labels": own, "resourceVersion": "1"},
        "spec": spec,
        "status": {
            "allocatable": amounts,
            "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": T0}],
        },
    }


def taint(key: str, effect: str = "NoSchedule", value: str = "") -> Document:
    return {"key": key, "effect": effect, "value": value}


def names(documents: list[Document]) -> list[str]:
    return [document["metadata"]["name"] for document in documents]
