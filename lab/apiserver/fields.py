"""Which fields of which kinds can be selected by, and their values in an object."""

from typing import Any

from lab.apiserver.errors import Document
from lab.apiserver.kinds import Key, Kind

_EVENT_OBJECT = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")

_PATHS: dict[Key, tuple[str, ...]] = {
    ("", "pods"): (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    ("", "nodes"): ("spec.unschedulable",),
    ("", "namespaces"): ("status.phase",),
    ("", "secrets"): ("type",),
    ("", "services"): ("spec.clusterIP", "spec.type"),
    ("", "events"): (
        *(f"involvedObject.{name}" for name in _EVENT_OBJECT),
        "reason",
        "type",
        "source",
        "reportingComponent",
    ),
    ("", "replicationcontrollers"): ("status.replicas",),
    ("apps", "replicasets"): ("status.replicas",),
    ("batch", "jobs"): ("status.successful",),
}
_ALWAYS = frozenset({"metadata.name", "metadata.namespace"})
_BOOLEAN = frozenset({"spec.unschedulable", "spec.hostNetwork"})


def supported_fields(kind: Kind) -> frozenset[str]:
    return _ALWAYS.union(_PATHS.get(kind.key, ()))


def selectable_fields(kind: Kind, document: Document) -> dict[str, str]:
    """The values by which `document` can be selected; a field that it lacks is the empty string (or "false")."""
    metadata = document["metadata"]
    values = {"metadata.name": metadata["name"], "metadata.namespace": metadata.get("namespace", "")}
    for path in _PATHS.get(kind.key, ()):
        values[path] = _text(path, _lookup(document, path))
    return values


def _lookup(document: Document, path: str) -> Any:
    match path:
        case "source":
            return (document.get("source") or {}).get("component") or document.get("reportingComponent")
        case "status.successful":
            return (document.get("status") or {}).get("succeeded", 0)
        case "status.replicas":
            return (document.get("status") or {}).get("replicas", 0)
    value: Any = document
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _text(path: str, value: Any) -> str:
    if path in _BOOLEAN:
        return "true" if value else "false"
    return "" if value is None else str(value)
