"""The NetworkChaos object of Chaos Mesh that breaks the network of one pod. Pure."""

import math
from collections.abc import Mapping
from typing import Any

from actions.fault import Target
from actions.network.isolation import marks
from clients.kube import Document, Resource

NETWORK_CHAOS = Resource("networkchaos", "chaos-mesh.org", "v1alpha1")


def network_chaos(
    name: str, run: str, target: Target, action: str, details: Mapping[str, Any], seconds_left: float, expires_at: float
) -> Document:
    """An object for this one pod that Chaos Mesh takes back by itself when the fault expires.

    The pod is selected by its name, so that Chaos Mesh picks just what the plan has picked.
    """
    return {
        "apiVersion": f"{NETWORK_CHAOS.group}/{NETWORK_CHAOS.version}",
        "kind": "NetworkChaos",
        "metadata": {"name": name, "namespace": target.namespace, **marks(run, expires_at)},
        "spec": {
            "action": action,
            "mode": "all",
            "selector": {"pods": {target.namespace: [target.name]}},
            "duration": f"{max(1, math.ceil(seconds_left))}s",
            **details,
        },
    }


def is_injected(document: Mapping[str, Any]) -> bool:
    """Whether Chaos Mesh has found the pod and broken its network."""
    return _holds(document, "Selected") and _holds(document, "AllInjected")


def told(document: Mapping[str, Any]) -> str:
    """What Chaos Mesh says of each pod, in one line."""
    records = ((document.get("status") or {}).get("experiment") or {}).get("containerRecords") or ()
    return ", ".join(f"{record.get('id')}: {record.get('phase')}" for record in records) or "nothing"


def _holds(document: Mapping[str, Any], kind: str) -> bool:
    conditions = (document.get("status") or {}).get("conditions") or ()
    return any(condition.get("type") == kind and condition.get("status") == "True" for condition in conditions)
