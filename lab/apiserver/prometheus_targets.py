"""Pods as Prometheus targets, for a Prometheus that cannot ask the Kubernetes API itself (Debian's is built so).

The answer is what an `http_sd_configs` entry expects. The labels are those of `kubernetes_sd_configs` with role pod, so
that the same relabelling serves both.
"""

import re
from collections.abc import Iterable, Mapping

from lab.apiserver.errors import Document
from lab.apiserver.store import Stored

PATH = "/prometheus/pods"

_NOT_IN_LABEL_NAMES = re.compile(r"[^a-zA-Z0-9_]")


def targets(pods: Iterable[Stored]) -> list[Document]:
    """One target group for every pod that has an address."""
    return [_group(pod.document()) for pod in pods if pod.fields["status.podIP"]]


def _group(pod: Document) -> Document:
    metadata, spec, status = pod["metadata"], pod["spec"], pod["status"]
    ready = next((it["status"] for it in status.get("conditions") or [] if it["type"] == "Ready"), "unknown")
    labels = {
        "__meta_kubernetes_namespace": metadata["namespace"],
        "__meta_kubernetes_pod_name": metadata["name"],
        "__meta_kubernetes_pod_uid": metadata["uid"],
        "__meta_kubernetes_pod_ip": status["podIP"],
        "__meta_kubernetes_pod_host_ip": status.get("hostIP", ""),
        "__meta_kubernetes_pod_node_name": spec.get("nodeName", ""),
        "__meta_kubernetes_pod_phase": status.get("phase", ""),
        "__meta_kubernetes_pod_ready": ready.lower(),
        **_prefixed("label", metadata.get("labels") or {}),
        **_prefixed("annotation", metadata.get("annotations") or {}),
    }
    owner = next((it for it in metadata.get("ownerReferences") or [] if it.get("controller")), None)
    if owner:
        labels["__meta_kubernetes_pod_controller_kind"] = owner["kind"]
        labels["__meta_kubernetes_pod_controller_name"] = owner["name"]
    return {"targets": [status["podIP"]], "labels": labels}


def _prefixed(what: str, values: Mapping[str, str]) -> dict[str, str]:
    named = {_NOT_IN_LABEL_NAMES.sub("_", name): value for name, value in values.items()}
    return {
        **{f"__meta_kubernetes_pod_{what}_{name}": value for name, value in named.items()},
        **{f"__meta_kubernetes_pod_{what}present_{name}": "true" for name in named},
    }
