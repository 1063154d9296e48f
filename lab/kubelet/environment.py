"""The environment of a container, from its manifest to a plain dict. No I/O."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.kubeclient import Document
from lab.kubelet.sources import CONFIG_MAP, SECRET, Lookup, MissingSourceError, Reference

_REFERENCE = re.compile(r"\$(\$|\(([^()$]+)\))")
_INDEXED_FIELD = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")
_ENV_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")


@dataclass(frozen=True, slots=True)
class PodPlace:
    """Where a pod runs: what only the kubelet knows about it."""

    node_name: str
    host_ip: str
    pod_ip: str


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace `$(NAME)` by the variable; unknown names are left as they are, `$$` is one `$`."""

    def replacement(match: re.Match[str]) -> str:
        return "$" if match[1] == "$" else variables.get(match[2], match[0])

    return _REFERENCE.sub(replacement, text)


def expand_all(words: Sequence[str], variables: Mapping[str, str]) -> list[str]:
    return [expand(word, variables) for word in words]


def references(container: Document) -> Iterator[Reference]:
    """The ConfigMaps and Secrets that the container's environment comes from."""
    for block in container.get("envFrom") or []:
        for field, kind in (("configMapRef", CONFIG_MAP), ("secretRef", SECRET)):
            if field in block:
                yield Reference(kind, block[field]["name"])
    for entry in container.get("env") or []:
        source = entry.get("valueFrom") or {}
        for field, kind in (("configMapKeyRef", CONFIG_MAP), ("secretKeyRef", SECRET)):
            if field in source:
                yield Reference(kind, source[field]["name"])


def container_environment(
    pod: Document, container: Document, place: PodPlace, lookup: Lookup, services: Iterable[Document]
) -> dict[str, str]:
    """Every variable that the manifest asks for, weakest first: the lab's own, service links, envFrom, env.

    MissingSourceError names a ConfigMap, Secret or key that is not there (and is not optional).
    """
    metadata = pod["metadata"]
    variables = {
        "POD_IP": place.pod_ip,
        "POD_NAME": metadata["name"],
        "POD_NAMESPACE": metadata["namespace"],
        "NODE_NAME": place.node_name,
    }
    if pod["spec"].get("enableServiceLinks", True):
        variables |= service_links(services)
    for block in container.get("envFrom") or []:
        variables |= _env_from(block, lookup)
    for entry in container.get("env") or []:
        value = _value(pod, entry, place, lookup, variables)
        if value is not None:
            variables[entry["name"]] = value
    return variables


def service_links(services: Iterable[Document]) -> dict[str, str]:
    """The variables by which Kubernetes tells a container of the Services of its namespace."""
    links: dict[str, str] = {}
    for service in services:
        address = service["spec"].get("clusterIP")
        ports = service["spec"].get("ports") or []
        if not address or address == "None" or not ports:
            continue
        name = _variable(service["metadata"]["name"])
        links[f"{name}_SERVICE_HOST"] = address
        links[f"{name}_SERVICE_PORT"] = str(ports[0]["port"])
        links[f"{name}_PORT"] = _url(address, ports[0])
        for port in ports:
            if port.get("name"):
                links[f"{name}_SERVICE_PORT_{_variable(port['name'])}"] = str(port["port"])
            prefix = f"{name}_PORT_{port['port']}_{port.get('protocol', 'TCP')}"
            links[prefix] = _url(address, port)
            links[f"{prefix}_PROTO"] = port.get("protocol", "TCP").lower()
            links[f"{prefix}_PORT"] = str(port["port"])
            links[f"{prefix}_ADDR"] = address
    return links


def field_value(pod: Document, path: str, place: PodPlace) -> str:
    """The value of a `fieldRef`; MissingSourceError if the lab does not know the field."""
    metadata, spec = pod["metadata"], pod["spec"]
    if match := _INDEXED_FIELD.fullmatch(path):
        return str((metadata.get(match[1]) or {}).get(match[2], ""))
    known: dict[str, Any] = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "spec.nodeName": place.node_name,
        "spec.serviceAccountName": spec.get("serviceAccountName", "default"),
        "status.hostIP": place.host_ip,
        "status.podIP": place.pod_ip,
        "status.podIPs": place.pod_ip,
    }
    if path not in known:
        raise MissingSourceError(
            f"fieldRef {path} is not known to the lab; it knows labels, annotations, {list(known)}"
        )
    return str(known[path])


def _env_from(block: Document, lookup: Lookup) -> dict[str, str]:
    kind, field = (CONFIG_MAP, "configMapRef") if "configMapRef" in block else (SECRET, "secretRef")
    source = block[field]
    data = lookup(Reference(kind, source["name"]))
    if data is None:
        if source.get("optional"):
            return {}
        raise MissingSourceError(f'{kind.lower()} "{source["name"]}" not found')
    prefix = block.get("prefix", "")
    names = {prefix + key: value for key, value in data.items()}
    return {name: value.decode(errors="replace") for name, value in names.items() if _ENV_NAME.fullmatch(name)}


def _value(pod: Document, entry: Document, place: PodPlace, lookup: Lookup, variables: Mapping[str, str]) -> str | None:
    """The value of one entry of `env`; None if it comes from an optional source that is not there."""
    source = entry.get("valueFrom")
    if not source:
        return expand(entry.get("value") or "", variables)
    if "fieldRef" in source:
        return field_value(pod, source["fieldRef"]["fieldPath"], place)
    for field, kind in (("configMapKeyRef", CONFIG_MAP), ("secretKeyRef", SECRET)):
        if field in source:
            return _key(kind, source[field], lookup)
    raise MissingSourceError(f"env {entry['name']}: the lab does not know {', '.join(source)}")


def _key(kind: str, reference: Document, lookup: Lookup) -> str | None:
    data = lookup(Reference(kind, reference["name"]))
    if data is not None and reference["key"] in data:
        return data[reference["key"]].decode(errors="replace")
    if reference.get("optional"):
        return None
    if data is None:
        raise MissingSourceError(f'{kind.lower()} "{reference["name"]}" not found')
    raise MissingSourceError(f"couldn't find key {reference['key']} in {kind} {reference['name']}")


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


def _url(address: str, port: Document) -> str:
    return f"{port.get('protocol', 'TCP').lower()}://{address}:{port['port']}"
