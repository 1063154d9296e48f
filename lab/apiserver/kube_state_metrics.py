"""The cluster's objects as metrics: the few of kube-state-metrics that SLOs read, under its names and labels.

Source of the names: kubernetes/kube-state-metrics, docs/metrics/cluster/node-metrics.md and workload/job-metrics.md.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from lab.apiserver.errors import Document
from lab.apiserver.store import Stored

PATH = "/prometheus/kube-state-metrics"

_NOT_IN_RESOURCE_NAMES = re.compile(r"[^a-zA-Z0-9_]")
_STATUSES = ("true", "false", "unknown")
_FAMILIES = {
    "kube_node_status_allocatable": "What of a node's resources pods may take, for those counted in whole numbers.",
    "kube_node_status_capacity": "What a node has of its resources, for those counted in whole numbers.",
    "kube_node_status_condition": "1 for the status that a node's condition has.",
    "kube_job_status_active": "Pods of a job that have not ended.",
    "kube_job_status_start_time": "When a job was started, as a Unix time.",
}

Sample = tuple[str, Mapping[str, str], int]
"""Name, labels, value."""


def exposition(nodes: Iterable[Stored], jobs: Iterable[Stored]) -> str:
    """The metrics of the given nodes and jobs in Prometheus' text format."""
    samples = [sample for node in nodes for sample in _of_node(node.document())]
    samples += [sample for job in jobs for sample in _of_job(job.document())]
    lines = []
    for family, meaning in _FAMILIES.items():
        lines += [f"# HELP {family} {meaning}", f"# TYPE {family} gauge"]
        lines += [f"{name}{{{_pairs(labels)}}} {value}" for name, labels, value in samples if name == family]
    return "\n".join(lines) + "\n"


def _of_node(node: Document) -> Iterator[Sample]:
    name, status = node["metadata"]["name"], node.get("status") or {}
    for field in ("allocatable", "capacity"):
        for resource, quantity in (status.get(field) or {}).items():
            if re.fullmatch(r"\d+", str(quantity)):
                unit = "core" if resource == "cpu" else "byte" if resource == "memory" else "integer"
                labels = {"node": name, "resource": _NOT_IN_RESOURCE_NAMES.sub("_", resource), "unit": unit}
                yield f"kube_node_status_{field}", labels, int(quantity)
    for condition in status.get("conditions") or []:
        for known in _STATUSES:
            labels = {"node": name, "condition": condition["type"], "status": known}
            yield "kube_node_status_condition", labels, int(condition["status"].lower() == known)


def _of_job(job: Document) -> Iterator[Sample]:
    metadata, status = job["metadata"], job.get("status") or {}
    labels = {"namespace": metadata["namespace"], "job_name": metadata["name"]}
    yield "kube_job_status_active", labels, status.get("active") or 0
    if started := status.get("startTime"):
        yield "kube_job_status_start_time", labels, int(datetime.fromisoformat(started).timestamp())


def _pairs(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{value}"' for name, value in labels.items())
