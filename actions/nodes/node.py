"""What matters of a node when one is picked, changed or watched. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clients.kube import Resource

NODES = Resource("nodes")
GPU_RESOURCE = "nvidia.com/gpu"
ZONE = "topology.kubernetes.io/zone"
CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Taint:
    """A taint; key and effect tell it from the others of its node."""

    key: str
    effect: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"


@dataclass(frozen=True, slots=True)
class Node:
    """A node as it was read. `document` is the whole of it: what is not ours is written back as it came."""

    name: str
    uid: str
    ready: bool
    cordoned: bool
    taints: tuple[Taint, ...]
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    conditions: frozenset[str]
    gpus: int
    """Those that pods may have now (allocatable)."""
    document: Document

    @property
    def zone(self) -> str:
        return self.labels.get(ZONE, "")

    @property
    def of_control_plane(self) -> bool:
        return any(label in self.labels for label in CONTROL_PLANE)


def read_node(document: Document) -> Node:
    """The node of an API document."""
    metadata, spec, status = document["metadata"], document.get("spec") or {}, document.get("status") or {}
    conditions = {one["type"]: one["status"] for one in status.get("conditions") or ()}
    return Node(
        name=metadata["name"],
        uid=metadata["uid"],
        ready=conditions.get("Ready") == "True",
        cordoned=bool(spec.get("unschedulable")),
        taints=tuple(Taint(one["key"], one["effect"], one.get("value") or "") for one in spec.get("taints") or ()),
        labels=metadata.get("labels") or {},
        annotations=metadata.get("annotations") or {},
        conditions=frozenset(conditions),
        gpus=_whole((status.get("allocatable") or {}).get(GPU_RESOURCE, "0")),
        document=document,
    )


def _whole(quantity: str) -> int:
    """GPUs come whole; what is written otherwise is counted as none."""
    return int(quantity) if quantity.isdecimal() else 0
