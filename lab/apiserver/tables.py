"""Tables: objects as kubectl shows them to people."""

from collections.abc import Callable, Sequence

from lab.apiserver import cells
from lab.apiserver.cells import Cells
from lab.apiserver.errors import Document
from lab.apiserver.kinds import Key, Kind

Columns = tuple[str, ...]
"""Names of columns; one that ends in * is shown only with -o wide."""


def table_document(
    api_version: str, kind: Kind, rows: Sequence[tuple[Document, Document | None]], metadata: Document
) -> Document:
    """A meta.k8s.io Table; a row is an object and what of it the row carries along."""
    columns, fill = _TABLES.get(kind.key, _GENERIC)
    return {
        "kind": "Table",
        "apiVersion": api_version,
        "metadata": metadata,
        "columnDefinitions": [_column(name) for name in columns],
        "rows": [
            {"cells": fill(document), **({"object": shown} if shown is not None else {})} for document, shown in rows
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


_GENERIC: tuple[Columns, Callable[[Document], Cells]] = (("Name", "Age"), lambda it: [cells.name(it), cells.age_of(it)])

_WORKLOAD_WIDE = ("Containers*", "Images*", "Selector*")

_TABLES: dict[Key, tuple[Columns, Callable[[Document], Cells]]] = {
    ("", "pods"): (
        ("Name", "Ready", "Status", "Restarts", "Age", "IP*", "Node*", "Nominated Node*", "Readiness Gates*"),
        cells.pod,
    ),
    ("", "nodes"): (
        (
            *("Name", "Status", "Roles", "Age", "Version", "Internal-IP*", "External-IP*"),
            *("OS-Image*", "Kernel-Version*", "Container-Runtime*"),
        ),
        cells.node,
    ),
    ("", "namespaces"): (
        ("Name", "Status", "Age"),
        lambda it: [cells.name(it), cells.part(it, "status").get("phase", ""), cells.age_of(it)],
    ),
    ("", "services"): (
        ("Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector*"),
        cells.service,
    ),
    ("", "configmaps"): (("Name", "Data", "Age"), lambda it: [cells.name(it), cells.data_count(it), cells.age_of(it)]),
    ("", "secrets"): (
        ("Name", "Type", "Data", "Age"),
        lambda it: [cells.name(it), it.get("type", "Opaque"), len(cells.part(it, "data")), cells.age_of(it)],
    ),
    ("", "serviceaccounts"): (
        ("Name", "Secrets", "Age"),
        lambda it: [cells.name(it), len(it.get("secrets") or []), cells.age_of(it)],
    ),
    ("", "endpoints"): (("Name", "Endpoints", "Age"), cells.endpoints),
    ("", "events"): (
        (
            *("Last Seen", "Type", "Reason", "Object", "Subobject*", "Source*"),
            *("Message", "First Seen*", "Count*", "Name*"),
        ),
        cells.event,
    ),
    ("apps", "deployments"): (
        ("Name", "Ready", "Up-to-date", "Available", "Age", *_WORKLOAD_WIDE),
        cells.deployment,
    ),
    ("apps", "replicasets"): (("Name", "Desired", "Current", "Ready", "Age", *_WORKLOAD_WIDE), cells.replica_set),
    ("apps", "statefulsets"): (("Name", "Ready", "Age", "Containers*", "Images*"), cells.stateful_set),
    ("apps", "daemonsets"): (
        (
            *("Name", "Desired", "Current", "Ready", "Up-to-date", "Available", "Node Selector", "Age"),
            *_WORKLOAD_WIDE,
        ),
        cells.daemon_set,
    ),
    ("batch", "jobs"): (("Name", "Status", "Completions", "Duration", "Age", *_WORKLOAD_WIDE), cells.job),
    ("coordination.k8s.io", "leases"): (
        ("Name", "Holder", "Age"),
        lambda it: [cells.name(it), cells.part(it, "spec").get("holderIdentity") or "", cells.age_of(it)],
    ),
    ("discovery.k8s.io", "endpointslices"): (
        ("Name", "AddressType", "Ports", "Endpoints", "Age"),
        cells.endpoint_slice,
    ),
    ("policy", "poddisruptionbudgets"): (
        ("Name", "Min Available", "Max Unavailable", "Allowed Disruptions", "Age"),
        cells.disruption_budget,
    ),
    ("apiextensions.k8s.io", "customresourcedefinitions"): (
        ("Name", "Created At"),
        lambda it: [cells.name(it), it["metadata"].get("creationTimestamp", "")],
    ),
}
