"""Nodes as the API has them, and the merge that the API makes of a patch."""

from typing import Any

from actions.fault import Injection, Target
from actions.ledger.record import Record, Undo
from actions.nodes.arguments import NodeArguments
from actions.nodes.marked import NodeChange
from actions.nodes.node import read_node

Document = dict[str, Any]


def node(name: str = "gpu-a", **changes: Any) -> Document:
    """A Ready node with four GPUs; `labels`, `annotations`, `taints`, `cordoned`, `ready`, `gpus`, `conditions`."""
    spec: Document = {}
    if changes.get("taints"):
        spec["taints"] = changes["taints"]
    if changes.get("cordoned"):
        spec["unschedulable"] = True
    ready = {"type": "Ready", "status": "True" if changes.get("ready", True) else "Unknown"}
    others = [{"type": kind, "status": "True"} for kind in changes.get("conditions", ())]
    metadata = {"name": name, "uid": changes.get("uid", f"uid-{name}"), "resourceVersion": "1"}
    for part in ("labels", "annotations"):
        if changes.get(part):
            metadata[part] = changes[part]
    allocatable = {"cpu": "8", "nvidia.com/gpu": str(changes.get("gpus", 4))}
    return {"metadata": metadata, "spec": spec, "status": {"conditions": [ready, *others], "allocatable": allocatable}}


def merged(document: Any, patch: Any) -> Any:
    """RFC 7386; maps that become empty go, as the API leaves them out."""
    if not isinstance(patch, dict):
        return patch
    result = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
            continue
        result[key] = merged(result.get(key), value)
        if result[key] == {} and key in ("labels", "annotations"):
            del result[key]
    return result


def injection(fault: NodeChange[Any], arguments: NodeArguments, document: Document) -> Injection[Any]:
    """What the fault is given for a node."""
    target = Target("node", document["metadata"]["name"], uid=document["metadata"]["uid"])
    undo = dict(fault.before(read_node(document), arguments))
    return Injection("run-1", "mlchaos-run-1-0001", target, arguments, undo, 1_800_000_000.0)


def record(fault: str, made: Injection[Any]) -> Record:
    """What the ledger has of it."""
    undo = Undo(fault, made.undo)
    return Record(made.tag, made.run, fault, made.target, undo, 1_799_999_990.0, made.expires_at)
