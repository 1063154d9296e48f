"""From Services and EndpointSlices to who listens where and who answers. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from lab.kubeclient import Document

SERVICE_NAME = "kubernetes.io/service-name"


class Address(NamedTuple):
    """Where something listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class ServicePort(NamedTuple):
    """One port of one Service."""

    namespace: str
    service: str
    name: str
    """Name of the port, empty if it has none."""

    def __str__(self) -> str:
        return f"{self.namespace}/{self.service}" + (f":{self.name}" if self.name else "")


def frontends(services: Iterable[Document]) -> dict[Address, ServicePort]:
    """Where to listen: every TCP port of every Service that has a cluster address."""
    found = {}
    for service in services:
        metadata, spec = service["metadata"], service["spec"]
        address = spec.get("clusterIP")
        if not address or address == "None" or spec.get("type") == "ExternalName":
            continue
        for port in spec.get("ports") or []:
            if port.get("protocol", "TCP") == "TCP":
                key = ServicePort(metadata["namespace"], metadata["name"], port.get("name") or "")
                found[Address(address, port["port"])] = key
    return found


def backends(slices: Iterable[Document]) -> dict[ServicePort, set[Address]]:
    """The addresses that are ready, by the Service port that they answer for."""
    found: dict[ServicePort, set[Address]] = {}
    for endpoint_slice in slices:
        metadata = endpoint_slice["metadata"]
        service = (metadata.get("labels") or {}).get(SERVICE_NAME)
        if not service:
            continue
        hosts = [
            host
            for endpoint in endpoint_slice.get("endpoints") or []
            if (endpoint.get("conditions") or {}).get("ready") is not False  # not told means ready
            for host in endpoint["addresses"]
        ]
        for port in endpoint_slice.get("ports") or []:
            key = ServicePort(metadata["namespace"], service, port.get("name") or "")
            found.setdefault(key, set()).update(Address(host, port["port"]) for host in hosts)
    return found
