"""Where a Service's traffic may go, as Endpoints and EndpointSlices say it. Pure."""

import hashlib
import json
from collections.abc import Iterable
from typing import NamedTuple

from lab.controllers import pods
from lab.controllers.owners import owner_reference
from lab.kubeclient import Document

Ports = tuple[tuple[str, int, str, str], ...]
MANAGED_BY = "endpointslice-controller.k8s.io"
SERVICE_LABEL = "kubernetes.io/service-name"


class Backend(NamedTuple):
    """A pod behind a Service: its ports are (name, number, protocol, appProtocol)."""

    pod: Document
    ports: Ports
    ready: bool
    serving: bool
    terminating: bool


def _number(target: int | str, pod: Document, protocol: str) -> int | None:
    """The number of a target port; a name is looked up among the pod's container ports."""
    if isinstance(target, int) or target.isdigit():
        return int(target)
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or []:
            if port.get("name") == target and port.get("protocol", "TCP") == protocol:
                return int(port["containerPort"])
    return None


def _ports(service: Document, pod: Document) -> Ports:
    found = []
    for port in service["spec"].get("ports") or []:
        protocol = port.get("protocol", "TCP")
        number = _number(port.get("targetPort") or port["port"], pod, protocol)
        if number is not None:
            found.append((port.get("name", ""), number, protocol, port.get("appProtocol", "")))
    return tuple(found)


def backends(service: Document, selected: Iterable[Document]) -> list[Backend]:
    """The pods behind `service`, by address: those that have one and have not ended."""
    anyway = bool(service["spec"].get("publishNotReadyAddresses"))
    found = []
    for pod in selected:
        if not pod.get("status", {}).get("podIP") or pods.is_finished(pod):
            continue
        serving, terminating = pods.is_ready(pod), pods.is_terminating(pod)
        ready = anyway or (serving and not terminating)
        found.append(Backend(pod, _ports(service, pod), ready, serving, terminating))
    return sorted(found, key=lambda b: (b.pod["status"]["podIP"], b.pod["metadata"]["name"]))


def _by_ports(found: Iterable[Backend]) -> dict[Ports, list[Backend]]:
    groups: dict[Ports, list[Backend]] = {}
    for backend in found:
        groups.setdefault(backend.ports, []).append(backend)
    return groups


def _target(pod: Document) -> Document:
    metadata = pod["metadata"]
    return {"kind": "Pod", "namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]}


def _port_documents(ports: Ports) -> list[Document]:
    documents = []
    for name, number, protocol, app_protocol in ports:
        port: Document = {"name": name, "port": number, "protocol": protocol}
        documents.append({**port, "appProtocol": app_protocol} if app_protocol else port)
    return documents


def endpoints_for(service: Document, found: list[Backend]) -> Document:
    """The Endpoints object: ready and not ready addresses, no terminating pods."""
    subsets = []
    anyway = bool(service["spec"].get("publishNotReadyAddresses"))
    for ports, group in sorted(_by_ports(b for b in found if anyway or not b.terminating).items()):
        subset: Document = {}
        for field, ready in (("addresses", True), ("notReadyAddresses", False)):
            addresses = [_address(b.pod) for b in group if b.ready is ready]
            if addresses:
                subset[field] = addresses
        if ports:
            # A Service port without a name is one in Endpoints too.
            subset["ports"] = [{k: v for k, v in p.items() if k != "name" or v} for p in _port_documents(ports)]
        subsets.append(subset)
    metadata = service["metadata"]
    labels = {**(metadata.get("labels") or {}), "endpoints.kubernetes.io/managed-by": "endpoint-controller"}
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": metadata["name"], "namespace": metadata["namespace"], "labels": labels},
        "subsets": subsets,
    }


def _address(pod: Document) -> Document:
    return {"ip": pod["status"]["podIP"], "nodeName": pods.node_of(pod), "targetRef": _target(pod)}


def slices_for(service: Document, found: list[Backend], zones: dict[str, str]) -> list[Document]:
    """One EndpointSlice per set of ports (at least one, if empty); `zones` tells the zone of each node."""
    groups = _by_ports(found) or {(): []}
    return [_slice(service, ports, group, zones) for ports, group in sorted(groups.items())]


def _slice(service: Document, ports: Ports, group: list[Backend], zones: dict[str, str]) -> Document:
    metadata = service["metadata"]
    suffix = hashlib.blake2b(json.dumps(ports).encode(), digest_size=4).hexdigest()
    labels = {
        **(metadata.get("labels") or {}),
        SERVICE_LABEL: metadata["name"],
        "endpointslice.kubernetes.io/managed-by": MANAGED_BY,
    }
    if service["spec"].get("clusterIP") == "None":
        labels["service.kubernetes.io/headless"] = ""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{metadata['name']}-{suffix}",
            "namespace": metadata["namespace"],
            "labels": labels,
            "ownerReferences": [owner_reference(service)],
        },
        "addressType": "IPv4",
        "endpoints": [_endpoint(b, zones) for b in group],
        "ports": _port_documents(ports),
    }


def _endpoint(backend: Backend, zones: dict[str, str]) -> Document:
    node = pods.node_of(backend.pod)
    endpoint: Document = {
        "addresses": [backend.pod["status"]["podIP"]],
        "conditions": {"ready": backend.ready, "serving": backend.serving, "terminating": backend.terminating},
        "nodeName": node,
        "targetRef": _target(backend.pod),
    }
    return {**endpoint, "zone": zones[node]} if zones.get(node) else endpoint
