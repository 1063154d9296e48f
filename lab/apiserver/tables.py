"""Tables: objects as kubectl shows them to people."""

from collections.abc import Callable, Sequence
from typing import Any

from lab.apiserver.durations import age, between
from lab.apiserver.errors import Document
from lab.apiserver.kinds import Key, Kind
from lab.apiserver.pod_summary import pod_reason, ready_containers, restarts

Cells = list[Any]
Columns = tuple[str, ...]
"""Names of columns; one that ends in * is shown only with -o wide."""


def table_document(
    api_version: str, kind: Kind, rows: Sequence[tuple[Document, Document | None]], metadata: Document
) -> Document:
    """A meta.k8s.io Table; a row is an object and what of it the row carries along."""
    columns, cells = _TABLES.get(kind.key, _GENERIC)
    return {
        "kind": "Table",
        "apiVersion": api_version,
        "metadata": metadata,
        "columnDefinitions": [_column(name) for name in columns],
        "rows": [
            {"cells": cells(document), **({"object": shown} if shown is not None else {})} for document, shown in rows
        ],
    }


def _column(name: str) -> Document:
    plain = name.rstrip("*")
    return {
        "name": plain,
        "type": "integer" if plain in _INTEGERS else "string",
        "format": "name" if plain == "Name" else "",
        "description": "",
        "priority": 1 if name.endswith("*") else 0,
    }


_INTEGERS = frozenset({"Desired", "Current", "Up-to-date", "Available", "Data", "Allowed Disruptions", "Secrets"})


def _name(document: Document) -> str:
    return str(document["metadata"]["name"])


def _age(document: Document) -> str:
    return age(document["metadata"].get("creationTimestamp"))


def _part(document: Document, name: str) -> Document:
    return document.get(name) or {}


def _selector(selector: Document | None) -> str:
    pairs = (selector or {}).get("matchLabels", selector) or {}
    return ",".join(f"{key}={value}" for key, value in pairs.items() if isinstance(value, str)) or "<none>"


def _containers(document: Document) -> tuple[str, str]:
    spec = _part(_part(_part(document, "spec"), "template"), "spec")
    containers = spec.get("containers") or []
    return ",".join(it.get("name", "") for it in containers), ",".join(it.get("image", "") for it in containers)


def _pod(document: Document) -> Cells:
    spec, status = document["spec"], _part(document, "status")
    ready, total = ready_containers(document)
    gates = spec.get("readinessGates") or []
    return [
        _name(document),
        f"{ready}/{total}",
        pod_reason(document),
        restarts(document),
        _age(document),
        status.get("podIP") or "<none>",
        spec.get("nodeName") or "<none>",
        status.get("nominatedNodeName") or "<none>",
        f"0/{len(gates)}" if gates else "<none>",
    ]


def _node(document: Document) -> Cells:
    status, spec = _part(document, "status"), _part(document, "spec")
    info = _part(status, "nodeInfo")
    prefix = "node-role.kubernetes.io/"
    labels = document["metadata"].get("labels") or {}
    roles = sorted(key.removeprefix(prefix) for key in labels if key.startswith(prefix))
    return [
        _name(document),
        _node_status(spec, status),
        ",".join(roles) or "<none>",
        _age(document),
        info.get("kubeletVersion", ""),
        _address(status, "InternalIP"),
        _address(status, "ExternalIP"),
        info.get("osImage") or "<unknown>",
        info.get("kernelVersion") or "<unknown>",
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def _node_status(spec: Document, status: Document) -> str:
    ready = next((it for it in status.get("conditions") or [] if it["type"] == "Ready"), None)
    word = "Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"
    return word + (",SchedulingDisabled" if spec.get("unschedulable") else "")


def _address(status: Document, kind: str) -> str:
    return next((it["address"] for it in status.get("addresses") or [] if it["type"] == kind), "<none>")


def _deployment(document: Document) -> Cells:
    spec, status = document["spec"], _part(document, "status")
    return [
        _name(document),
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        _age(document),
        *_containers(document),
        _selector(spec.get("selector")),
    ]


def _replica_set(document: Document) -> Cells:
    spec, status = document["spec"], _part(document, "status")
    return [
        _name(document),
        spec.get("replicas", 0),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        _age(document),
        *_containers(document),
        _selector(spec.get("selector")),
    ]


def _stateful_set(document: Document) -> Cells:
    ready = f"{_part(document, 'status').get('readyReplicas', 0)}/{document['spec'].get('replicas', 0)}"
    return [_name(document), ready, _age(document), *_containers(document)]


def _daemon_set(document: Document) -> Cells:
    spec, status = document["spec"], _part(document, "status")
    node_selector = _part(_part(_part(spec, "template"), "spec"), "nodeSelector")
    counts = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    )
    return [
        _name(document),
        *(status.get(name, 0) for name in counts),
        _selector(node_selector),
        _age(document),
        *_containers(document),
        _selector(spec.get("selector")),
    ]


def _job(document: Document) -> Cells:
    spec, status = document["spec"], _part(document, "status")
    conditions = {it["type"] for it in status.get("conditions") or [] if it["status"] == "True"}
    word = next((it for it in ("Complete", "Failed", "Suspended") if it in conditions), "Running")
    if document["metadata"].get("deletionTimestamp") and word == "Running":
        word = "Terminating"
    wanted = spec.get("completions") or f"1 of {spec.get('parallelism', 1)}"
    start = status.get("startTime")
    return [
        _name(document),
        word,
        f"{status.get('succeeded', 0)}/{wanted}",
        between(start, status.get("completionTime")) if start else "",
        _age(document),
        *_containers(document),
        _selector(spec.get("selector")),
    ]


def _service(document: Document) -> Cells:
    spec = document["spec"]
    ports = [
        ":".join(str(it[name]) for name in ("port", "nodePort") if it.get(name)) + f"/{it.get('protocol', 'TCP')}"
        for it in spec.get("ports") or []
    ]
    return [
        _name(document),
        spec.get("type", "ClusterIP"),
        spec.get("clusterIP") or "<none>",
        spec.get("externalName") or ",".join(spec.get("externalIPs") or []) or "<none>",
        ",".join(ports) or "<none>",
        _age(document),
        _selector(spec.get("selector")),
    ]


def _event(document: Document) -> Cells:
    about, source = _part(document, "involvedObject"), _part(document, "source")
    last = document.get("lastTimestamp") or document.get("eventTime") or document["metadata"].get("creationTimestamp")
    first = document.get("firstTimestamp") or document.get("eventTime") or last
    return [
        age(last),
        document.get("type", ""),
        document.get("reason", ""),
        f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}",
        about.get("fieldPath", ""),
        ", ".join(filter(None, (source.get("component") or document.get("reportingComponent"), source.get("host")))),
        str(document.get("message", "")).strip(),
        age(first),
        str(document.get("count") or 1),
        _name(document),
    ]


def _endpoints(document: Document) -> Cells:
    shown = [
        f"{address['ip']}:{port['port']}"
        for subset in document.get("subsets") or []
        for port in subset.get("ports") or []
        for address in subset.get("addresses") or []
    ]
    more = f" + {len(shown) - 3} more..." if len(shown) > 3 else ""
    return [_name(document), ",".join(shown[:3]) + more or "<none>", _age(document)]


def _endpoint_slice(document: Document) -> Cells:
    ports = ",".join(str(it.get("port")) for it in document.get("ports") or []) or "<unset>"
    addresses = [address for it in document.get("endpoints") or [] for address in it.get("addresses") or []]
    more = f" + {len(addresses) - 3} more..." if len(addresses) > 3 else ""
    return [
        _name(document),
        document.get("addressType", ""),
        ports,
        ",".join(addresses[:3]) + more or "<unset>",
        _age(document),
    ]


def _disruption_budget(document: Document) -> Cells:
    spec, status = _part(document, "spec"), _part(document, "status")
    allowed = status.get("disruptionsAllowed", 0)
    bounds = [str(spec[it]) if spec.get(it) is not None else "N/A" for it in ("minAvailable", "maxUnavailable")]
    return [_name(document), *bounds, allowed, _age(document)]


def _data_count(document: Document) -> int:
    return len(_part(document, "data")) + len(_part(document, "binaryData"))


_GENERIC: tuple[Columns, Callable[[Document], Cells]] = (("Name", "Age"), lambda it: [_name(it), _age(it)])

_WORKLOAD_WIDE = ("Containers*", "Images*", "Selector*")

_TABLES: dict[Key, tuple[Columns, Callable[[Document], Cells]]] = {
    ("", "pods"): (
        ("Name", "Ready", "Status", "Restarts", "Age", "IP*", "Node*", "Nominated Node*", "Readiness Gates*"),
        _pod,
    ),
    ("", "nodes"): (
        (
            *("Name", "Status", "Roles", "Age", "Version", "Internal-IP*", "External-IP*"),
            *("OS-Image*", "Kernel-Version*", "Container-Runtime*"),
        ),
        _node,
    ),
    ("", "namespaces"): (
        ("Name", "Status", "Age"),
        lambda it: [_name(it), _part(it, "status").get("phase", ""), _age(it)],
    ),
    ("", "services"): (
        ("Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector*"),
        _service,
    ),
    ("", "configmaps"): (("Name", "Data", "Age"), lambda it: [_name(it), _data_count(it), _age(it)]),
    ("", "secrets"): (
        ("Name", "Type", "Data", "Age"),
        lambda it: [_name(it), it.get("type", "Opaque"), len(_part(it, "data")), _age(it)],
    ),
    ("", "serviceaccounts"): (
        ("Name", "Secrets", "Age"),
        lambda it: [_name(it), len(it.get("secrets") or []), _age(it)],
    ),
    ("", "endpoints"): (("Name", "Endpoints", "Age"), _endpoints),
    ("", "events"): (
        (
            *("Last Seen", "Type", "Reason", "Object", "Subobject*", "Source*"),
            *("Message", "First Seen*", "Count*", "Name*"),
        ),
        _event,
    ),
    ("apps", "deployments"): (
        ("Name", "Ready", "Up-to-date", "Available", "Age", *_WORKLOAD_WIDE),
        _deployment,
    ),
    ("apps", "replicasets"): (("Name", "Desired", "Current", "Ready", "Age", *_WORKLOAD_WIDE), _replica_set),
    ("apps", "statefulsets"): (("Name", "Ready", "Age", "Containers*", "Images*"), _stateful_set),
    ("apps", "daemonsets"): (
        (
            *("Name", "Desired", "Current", "Ready", "Up-to-date", "Available", "Node Selector", "Age"),
            *_WORKLOAD_WIDE,
        ),
        _daemon_set,
    ),
    ("batch", "jobs"): (("Name", "Status", "Completions", "Duration", "Age", *_WORKLOAD_WIDE), _job),
    ("coordination.k8s.io", "leases"): (
        ("Name", "Holder", "Age"),
        lambda it: [_name(it), _part(it, "spec").get("holderIdentity") or "", _age(it)],
    ),
    ("discovery.k8s.io", "endpointslices"): (
        ("Name", "AddressType", "Ports", "Endpoints", "Age"),
        _endpoint_slice,
    ),
    ("policy", "poddisruptionbudgets"): (
        ("Name", "Min Available", "Max Unavailable", "Allowed Disruptions", "Age"),
        _disruption_budget,
    ),
    ("apiextensions.k8s.io", "customresourcedefinitions"): (
        ("Name", "Created At"),
        lambda it: [_name(it), it["metadata"].get("creationTimestamp", "")],
    ),
}
