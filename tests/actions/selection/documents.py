"""Documents of pods, with what a test says of them."""

from typing import Any


def owner(kind: str, name: str, uid: str = "owner", api_version: str = "apps/v1") -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "name": name, "uid": uid, "controller": True}


def pod(name: str = "llm-1", /, **said: Any) -> dict[str, Any]:
    """A ready pod of one container. `metadata`, `spec` and `status` add to what it has."""
    metadata = {"namespace": "ml-serving", "name": name, "uid": f"uid-{name}", "labels": {"app": "llm"}}
    state = {"name": "main", "containerID": "containerd://1", "state": {"running": {}}}
    conditions = [{"type": "Ready", "status": "True"}]
    return {
        "metadata": metadata | said.get("metadata", {}),
        "spec": {"nodeName": "gpu-a", "containers": [{"name": "main"}]} | said.get("spec", {}),
        "status": {"phase": "Running", "conditions": conditions, "containerStatuses": [state]} | said.get("status", {}),
    }
