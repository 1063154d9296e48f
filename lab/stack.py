"""The ML stack in the lab's cluster: puts its objects there, and says what it still waits for."""

import base64
from collections.abc import Iterable, Mapping
from importlib import resources

import yaml

from lab.certificates import issue_ca, issue_server
from lab.kubeclient import ApiError, Document, KubeClient
from lab.network import LabNetwork
from lab.paths import PATHS, endpoint

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
COLLECTIONS = {
    "ClusterRole": f"{_RBAC}/clusterroles",
    "ClusterRoleBinding": f"{_RBAC}/clusterrolebindings",
    "ConfigMap": "/api/v1/namespaces/{namespace}/configmaps",
    "DaemonSet": "/apis/apps/v1/namespaces/{namespace}/daemonsets",
    "Deployment": "/apis/apps/v1/namespaces/{namespace}/deployments",
    "Job": "/apis/batch/v1/namespaces/{namespace}/jobs",
    "Namespace": "/api/v1/namespaces",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets",
    "Role": f"{_RBAC}/namespaces/{{namespace}}/roles",
    "RoleBinding": f"{_RBAC}/namespaces/{{namespace}}/rolebindings",
    "Secret": "/api/v1/namespaces/{namespace}/secrets",
    "Service": "/api/v1/namespaces/{namespace}/services",
    "ServiceAccount": "/api/v1/namespaces/{namespace}/serviceaccounts",
}
ORDER = ("Namespace", "Secret", "ConfigMap", "Service", "PodDisruptionBudget", "DaemonSet", "Deployment", "Job")

NEEDS_SERVER = {"ranker": "redis"}
"""Manifests that make no sense without one of the real servers."""


def manifests(servers: Iterable[str]) -> list[Document]:
    """The documents of lab/manifests that can run beside the given servers, in the order in which to create them."""
    available = set(servers)
    documents: list[Document] = []
    for entry in resources.files("lab").joinpath("manifests").iterdir():
        name = entry.name.removesuffix(".yaml")
        if not entry.name.endswith(".yaml") or NEEDS_SERVER.get(name, "") not in available | {""}:
            continue
        documents += [document for document in yaml.safe_load_all(entry.read_text()) if document]
    return sorted(documents, key=lambda document: ORDER.index(document["kind"]))


async def create(api: KubeClient, documents: Iterable[Document]) -> None:
    """Create each document that is not there yet."""
    for document in documents:
        path = COLLECTIONS[document["kind"]].format(namespace=document["metadata"].get("namespace", "default"))
        try:
            await api.create(path, document)
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise


async def service_ip(api: KubeClient, namespace: str, name: str) -> str:
    service = await api.get(f"/api/v1/namespaces/{namespace}/services/{name}")
    address: str = service["spec"]["clusterIP"]
    return address


async def upstreams(api: KubeClient, network: LabNetwork, servers: Iterable[str]) -> dict[str, str]:
    """host:port behind each proxied path, by the path's name; paths whose far end does not run are left out."""
    found = {}
    for path in PATHS:
        if path.service is not None:
            found[path.name] = f"{await service_ip(api, path.namespace, path.service)}:{path.service_port}"
        elif "redis" in servers:
            host, port = network.redis_address
            found[path.name] = f"{host}:{port}"
    return found


def endpoints_config_maps(upstream_of: dict[str, str], network: LabNetwork, proxied: bool) -> list[Document]:
    """The ConfigMap `lab-endpoints` of each namespace: where its workloads reach what they depend on."""
    data = {
        path.variable: endpoint(path, upstream_of[path.name], network, proxied)
        for path in PATHS
        if path.name in upstream_of
    }
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "lab-endpoints", "namespace": namespace},
            "data": data,
        }
        for namespace in ("ml-serving", "ml-training", "ml-platform")
    ]


async def tls_secrets(api: KubeClient, network: LabNetwork) -> list[Document]:
    """The Secrets of everything in the stack that serves over TLS. Its Services have to be there."""
    gateway = await service_ip(api, "ml-serving", "gateway")
    store = await service_ip(api, "ml-training", "store")
    return [
        *server_secrets("ml-serving", "gateway", gateway),
        # Toxiproxy passes TLS on as it is: who goes through it calls the store by the proxy's address.
        *server_secrets("ml-training", "store", store, network.infra_ip),
    ]


def server_secrets(namespace: str, service: str, *addresses: str) -> list[Document]:
    """The TLS Secret of a Service that is reached at `addresses`, too, and that of the authority which issued it."""
    ca = issue_ca(f"mlchaos-lab-{namespace.removeprefix('ml-')}")
    server = issue_server(ca, [f"{service}.{namespace}.svc", service, "localhost", *addresses])
    pair = {"tls.crt": server.certificate_pem, "tls.key": server.key_pem, "ca.crt": ca.certificate_pem}
    return [
        _tls_secret(namespace, f"{service}-tls", pair),
        _tls_secret(namespace, f"{service}-ca", {"tls.crt": ca.certificate_pem, "tls.key": ca.key_pem}),
    ]


def _tls_secret(namespace: str, name: str, entries: Mapping[str, bytes]) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": name, "namespace": namespace},
        "data": {key: base64.b64encode(value).decode() for key, value in entries.items()},
    }


async def unready(api: KubeClient) -> list[str]:
    """The workloads that do not yet run as declared, each with how far it is."""
    waiting = []
    for kind, path in (
        ("Deployment", "/apis/apps/v1/deployments"),
        ("DaemonSet", "/apis/apps/v1/daemonsets"),
        ("Job", "/apis/batch/v1/jobs"),
    ):
        for item in (await api.list(path))["items"]:
            ready, wanted = progress(kind, item)
            if ready < wanted or not wanted:
                waiting.append(f"{item['metadata']['name']} {ready}/{wanted}")
    return waiting


def progress(kind: str, item: Document) -> tuple[int, int]:
    """(ready, wanted) pods of a workload; ready counts only when its controller has seen the present generation."""
    spec, status = item["spec"], item.get("status", {})
    if kind == "Deployment":
        current = status.get("observedGeneration", 0) >= item["metadata"].get("generation", 1)
        return status.get("availableReplicas", 0) if current else 0, spec.get("replicas", 1)
    if kind == "DaemonSet":
        return status.get("numberReady", 0), status.get("desiredNumberScheduled", 0)
    return status.get("ready", 0) + status.get("succeeded", 0), spec.get("parallelism", 1)


async def scraped_pods(api: KubeClient) -> list[tuple[str, str]]:
    """(namespace, name) of each running pod that asks to be scraped."""
    pods = (await api.list("/api/v1/pods"))["items"]
    return [
        (pod["metadata"]["namespace"], pod["metadata"]["name"])
        for pod in pods
        if pod["metadata"].get("annotations", {}).get("prometheus.io/scrape") == "true"
        and pod.get("status", {}).get("phase") == "Running"
        and not pod["metadata"].get("deletionTimestamp")
    ]
