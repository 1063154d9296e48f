"""What a place looks like, so that a fault that is gone can be told from one that left something."""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import requests

from tests.crash.ground import LEDGER
from tests.lab.labs import Lab

KINDS = (
    "/api/v1/nodes",
    "/api/v1/secrets",
    "/api/v1/configmaps",
    "/apis/networking.k8s.io/v1/networkpolicies",
    "/apis/chaos-mesh.org/v1alpha1/networkchaos",
    "/apis/apps/v1/deployments",
    "/apis/policy/v1/poddisruptionbudgets",
    f"/apis/coordination.k8s.io/v1/namespaces/{LEDGER}/leases",
)
_VOLATILE = {"resourceVersion", "managedFields", "generation", "status", "creationTimestamp", "uid", "selfLink"}
_DEPLOYMENT_NOTES = "deployment.kubernetes.io/revision"
_STATE = re.compile(r"^State:\s+(\S)", re.MULTILINE)

Picture = Mapping[str, Any]


def picture(lab: Lab, toxiproxy_url: str, alertmanager_url: str) -> Picture:
    """Everything that a fault may have touched; equal pictures mean that nothing is left of it."""
    objects = {}
    for path in KINDS:
        for item in _items(lab, path):
            metadata = item["metadata"]
            place = f"{path} {metadata.get('namespace', '')}/{metadata['name']}"
            objects[place] = _steady(item)
    return {
        **objects,
        **{f"proxy {name}": state for name, state in _proxies(toxiproxy_url).items()},
        "silences": _silences(alertmanager_url),
        "marks on pods": _marks_on_pods(lab),
        "allocatable": _allocatable(lab),
        "frozen processes": _frozen(lab),
        "nodes that are not ready": _unready(lab),
    }


def differences(before: Picture, after: Picture) -> list[str]:
    """What is other than it was, each in one line."""
    names = sorted({*before, *after})
    return [f"{name}: {before.get(name)} -> {after.get(name)}" for name in names if before.get(name) != after.get(name)]


def _items(lab: Lab, path: str) -> list[dict[str, Any]]:
    """Objects of one kind; none where the cluster does not have it (NetworkChaos)."""
    try:
        items: list[dict[str, Any]] = json.loads(lab.api(path))["items"]
    except HTTPError as error:
        if error.code != HTTPStatus.NOT_FOUND:
            raise
        return []
    return items


def _steady(document: Any) -> Any:
    """Without what changes by itself."""
    if isinstance(document, dict):
        # What is empty and what is not there are one and the same to Kubernetes.
        return {
            key: _steady(value)
            for key, value in document.items()
            if key not in _VOLATILE and key != _DEPLOYMENT_NOTES and value not in ([], {}, None)
        }
    return [_steady(item) for item in document] if isinstance(document, list) else document


def _proxies(toxiproxy_url: str) -> dict[str, Any]:
    proxies: dict[str, Any] = requests.get(f"{toxiproxy_url}/proxies", timeout=60).json()
    return {
        name: {key: proxy[key] for key in ("listen", "upstream", "enabled", "toxics")}
        for name, proxy in proxies.items()
    }


def _silences(alertmanager_url: str) -> list[str]:
    """Those that are not over; Alertmanager keeps the others for some days."""
    silences = requests.get(f"{alertmanager_url}/api/v2/silences", timeout=60).json()
    return sorted(one["createdBy"] for one in silences if one["status"]["state"] != "expired")


def _marks_on_pods(lab: Lab) -> list[str]:
    """Labels and annotations of ours; the pods themselves come and go."""
    pods = json.loads(lab.api("/api/v1/pods"))["items"]
    notes = [{**(pod["metadata"].get("labels") or {}), **(pod["metadata"].get("annotations") or {})} for pod in pods]
    return sorted(key for one in notes for key in one if "mlchaos.io/" in key)


def _nodes(lab: Lab) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = json.loads(lab.api("/api/v1/nodes"))["items"]
    return nodes


def _allocatable(lab: Lab) -> dict[str, str]:
    key = "nvidia.com/gpu"
    return {node["metadata"]["name"]: node["status"].get("allocatable", {}).get(key, "") for node in _nodes(lab)}


def _unready(lab: Lab) -> list[str]:
    return [
        node["metadata"]["name"]
        for node in _nodes(lab)
        if not any(it["type"] == "Ready" and it["status"] == "True" for it in node["status"].get("conditions", ()))
    ]


def _frozen(lab: Lab) -> list[int]:
    frozen = []
    for pid in lab.processes():
        try:
            state = _STATE.search(Path(f"/proc/{pid}/status").read_text())
        except OSError:
            continue  # ended meanwhile
        if state is not None and state[1] in "Tt":
            frozen.append(pid)
    return frozen
