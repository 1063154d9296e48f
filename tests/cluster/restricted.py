"""A user who may do what a plan says it takes, and nothing else."""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client

from actions.fault import Permission
from clients.kube import Kube, Resource
from tests.cluster.workloads import Cluster

ROLES = Resource("clusterroles", "rbac.authorization.k8s.io")
BINDINGS = Resource("clusterrolebindings", "rbac.authorization.k8s.io")
REVIEWS: dict[str, Any] = {
    "apiGroups": ["authorization.k8s.io"], "resources": ["selfsubjectaccessreviews"], "verbs": ["create"]
}  # fmt: skip
"""What everybody who is known may do (system:basic-user)."""


@contextmanager
def restricted_kubeconfig(
    cluster: Cluster, kubeconfig: Path, permissions: Iterable[Permission], directory: Path
) -> Iterator[Path]:
    """A kubeconfig of a ServiceAccount in the test's namespace with these permissions, in every namespace."""
    name = f"mlchaos-test-{uuid.uuid4().hex[:8]}"
    rules = [{"apiGroups": [one.group], "resources": [one.resource], "verbs": [one.verb]} for one in permissions]
    subject = {"kind": "ServiceAccount", "name": name, "namespace": cluster.namespace}
    with Kube() as kube:
        kube.create(ROLES, _named("ClusterRole", name, rules=[REVIEWS, *rules]))
        role = {"apiGroup": ROLES.group, "kind": "ClusterRole", "name": name}
        kube.create(BINDINGS, _named("ClusterRoleBinding", name, roleRef=role, subjects=[subject]))
        cluster.core.create_namespaced_service_account(cluster.namespace, {"metadata": {"name": name}})
        request: Any = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=None))
        token = cluster.core.create_namespaced_service_account_token(name, cluster.namespace, request).status.token
        document = yaml.safe_load(kubeconfig.read_text())
        context = next(one for one in document["contexts"] if one["name"] == document["current-context"])
        user = next(one for one in document["users"] if one["name"] == context["context"]["user"])
        user["user"] = {"token": token}
        path = directory / "restricted.kubeconfig"
        path.write_text(yaml.safe_dump(document))
        path.chmod(0o600)
        try:
            yield path
        finally:
            kube.delete(BINDINGS, name)
            kube.delete(ROLES, name)


def _named(kind: str, name: str, **rest: Any) -> dict[str, Any]:
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": name}, **rest}
