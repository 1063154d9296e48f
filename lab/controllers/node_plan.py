"""What a node's conditions mean: lost conditions and the taints that follow from them. Pure."""

from lab.controllers import conditions, taints
from lab.controllers.timestamps import stamp
from lab.kubeclient import Document

LOST_REASON = "NodeStatusUnknown"
LOST_MESSAGE = "Kubelet stopped posting node status."

_READY_TAINTS = {"False": taints.NOT_READY, "Unknown": taints.UNREACHABLE}
_PRESSURE_TAINTS = {
    "MemoryPressure": taints.MEMORY_PRESSURE,
    "DiskPressure": taints.DISK_PRESSURE,
    "PIDPressure": taints.PID_PRESSURE,
    "NetworkUnavailable": taints.NETWORK_UNAVAILABLE,
}
_MANAGED = {*_READY_TAINTS.values(), *_PRESSURE_TAINTS.values(), taints.UNSCHEDULABLE}


def ready_status(node: Document) -> str:
    """ "True", "False" or "Unknown"; a node that never said is not ready."""
    ready = conditions.find(node, "Ready")
    return str(ready["status"]) if ready else "False"


def lost_conditions(node: Document) -> list[Document]:
    """All conditions of a node that is silent: nobody knows."""
    kinds = [c["type"] for c in node.get("status", {}).get("conditions") or []]
    unknown = [
        conditions.condition(kind, "Unknown", LOST_REASON, LOST_MESSAGE) for kind in dict.fromkeys([*kinds, "Ready"])
    ]
    return conditions.merged(node.get("status", {}).get("conditions"), unknown)


def wanted_taints(node: Document) -> list[Document]:
    """The taints that the node should have: those for its conditions, and everybody else's as they are."""
    wanted: list[tuple[str, str]] = []
    if node["spec"].get("unschedulable"):
        wanted.append((taints.UNSCHEDULABLE, "NoSchedule"))
    if key := _READY_TAINTS.get(ready_status(node)):
        wanted += [(key, "NoSchedule"), (key, "NoExecute")]
    wanted += [(key, "NoSchedule") for kind, key in _PRESSURE_TAINTS.items() if conditions.is_true(node, kind)]
    known = node["spec"].get("taints") or []
    kept = [t for t in known if t["key"] not in _MANAGED or (t["key"], t["effect"]) in wanted]
    present = {(t["key"], t["effect"]) for t in kept}
    added = [
        {"key": key, "effect": effect, "timeAdded": stamp()} for key, effect in wanted if (key, effect) not in present
    ]
    return kept + added


def is_lost(node: Document) -> bool:
    """Whether the node has fallen silent."""
    return any(t["key"] == taints.UNREACHABLE for t in node["spec"].get("taints") or [])
