"""A Kubernetes API through the official client: any object as JSON, a timeout on every call, errors with a remedy.

Reads give plain JSON documents: the official client's typed models take some fifty times as long to build, and a
selector over a large namespace is felt. So there is one generic client over resources instead of a method per kind.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self
from urllib.parse import quote

from clients.kube_configuration import read_configuration
from clients.kube_errors import (
    ConflictError,
    ForbiddenError,
    KubeError,
    NotFoundError,
    Request,
    TooManyRequestsError,
    TransientError,
    message_of,
    refusal,
    unreachable,
)

__all__ = [
    "ConflictError", "Document", "ForbiddenError", "Kube", "KubeError", "NotFoundError", "Request", "Resource",
    "TooManyRequestsError", "TransientError",
]  # fmt: skip

Document = dict[str, Any]

DEFAULT_TIMEOUT_SECONDS = 10.0
TIMEOUT_VARIABLE = "MLCHAOS_KUBE_TIMEOUT"
"""How long one answer may take, in seconds: the longest that a request of a killed run can be under way, too."""
LONGEST_TIMEOUT_SECONDS = 300.0
PAGE = 500
METADATA_PAGE = 5000
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
_PATCHES = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object, as paths name it."""

    plural: str
    group: str = ""
    version: str = "v1"

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The path of the collection, of one object, or of a part of it. Raises KubeError for a name that is none."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        parts = [*(("namespaces", namespace) if namespace else ()), self.plural, name, subresource]
        return "/".join([root, *(_segment(part) for part in parts if part)])


def _segment(part: str) -> str:
    """One step of a path: a name with a slash or dots in it must not lead to another namespace's object."""
    if part in (".", ".."):
        raise KubeError(f"{part!r} is no name in Kubernetes")
    return quote(part, safe="")


PODS = Resource("pods")
NODES = Resource("nodes")
DISRUPTION_BUDGETS = Resource("poddisruptionbudgets", "policy")
WORKLOADS = {
    "Deployment": Resource("deployments", "apps"),
    "ReplicaSet": Resource("replicasets", "apps"),
    "StatefulSet": Resource("statefulsets", "apps"),
    "DaemonSet": Resource("daemonsets", "apps"),
    "ReplicationController": Resource("replicationcontrollers"),
    "Job": Resource("jobs", "batch"),
}
_REVIEWS = Resource("selfsubjectaccessreviews", "authorization.k8s.io")


class Kube:
    """One cluster, as the kubeconfig's context (or the pod that this runs in) reaches it; threads may share it."""

    def __init__(self, timeout: float | None = None) -> None:
        from kubernetes import client

        configuration, context = read_configuration()
        self._api = client.ApiClient(configuration)
        self._timeout = timeout if timeout is not None else _timeout_of_environment()
        self.server: str = configuration.host
        self.place = f"{self.server} ({context})"

    @property
    def configuration(self) -> Any:
        """The official client's configuration, for what goes past that client (see kube_exec)."""
        return self._api.configuration

    def close(self) -> None:
        self._api.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, resource: Resource, name: str, namespace: str = "", subresource: str = "") -> Document:
        """One object; NotFoundError when it is not there."""
        what = Request("get", resource.plural, namespace, name, resource.group)
        return self._document(what, "GET", resource.path(namespace, name, subresource))

    def find(
        self,
        resource: Resource,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        *,
        metadata_only: bool = False,
    ) -> list[Document]:
        """All objects that the selectors match; in every namespace where none is given (see `pages`)."""
        pages = self.pages(resource, namespace, labels, fields, metadata_only=metadata_only)
        return [document for page in pages for document in page]

    def pages(
        self,
        resource: Resource,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        *,
        metadata_only: bool = False,
    ) -> Iterator[list[Document]]:
        """All objects that the selectors match, page by page: who keeps little of each needs little memory.

        `metadata_only` leaves out spec and status, which for 20,000 pods is the difference between a blink and a wait.
        """
        what = Request("list", resource.plural, namespace, group=resource.group)
        query = {"labelSelector": labels, "fieldSelector": fields, "limit": METADATA_PAGE if metadata_only else PAGE}
        accept = _METADATA_ONLY if metadata_only else "application/json"
        position = ""
        while True:
            page = self._document(
                what, "GET", resource.path(namespace), query={**query, "continue": position}, accept=accept
            )
            yield page.get("items") or []
            position = (page.get("metadata") or {}).get("continue") or ""
            if not position:
                return

    def create(self, resource: Resource, document: Mapping[str, Any], namespace: str = "") -> Document:
        """Create an object; ConflictError when one of this name is there already."""
        name = str(document.get("metadata", {}).get("name", ""))
        what = Request("create", resource.plural, namespace, name, resource.group)
        return self._document(what, "POST", resource.path(namespace), body=document)

    def replace(self, resource: Resource, document: Mapping[str, Any], namespace: str = "") -> Document:
        """Put this document in place of the present one; ConflictError unless that has its resourceVersion."""
        name = str(document["metadata"]["name"])
        what = Request("update", resource.plural, namespace, name, resource.group)
        return self._document(what, "PUT", resource.path(namespace, name), body=document)

    def patch(
        self,
        resource: Resource,
        name: str,
        patch: Mapping[str, Any] | Sequence[Any],
        namespace: str = "",
        *,
        form: Literal["merge", "json", "strategic"] = "merge",
        subresource: str = "",
    ) -> Document:
        """Change a part of an object; with `metadata.resourceVersion` (or a json `test`) only if nobody else did."""
        what = Request("patch", _with(resource.plural, subresource), namespace, name, resource.group)
        path = resource.path(namespace, name, subresource)
        return self._document(what, "PATCH", path, body=patch, content=_PATCHES[form])

    def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str = "",
        *,
        uid: str = "",
        version: str = "",
        grace_seconds: int | None = None,
    ) -> None:
        """Delete this very object: NotFoundError when it is gone, ConflictError when another one has its name now.

        With `version` (its resourceVersion) only as long as nobody has changed it.
        """
        options: Document = {"apiVersion": "v1", "kind": "DeleteOptions"}
        preconditions = {"uid": uid} if uid else {}
        if version:
            preconditions["resourceVersion"] = version
        if preconditions:
            options["preconditions"] = preconditions
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        what = Request("delete", resource.plural, namespace, name, resource.group)
        self._send(what, "DELETE", resource.path(namespace, name), body=options)

    def evict(self, namespace: str, name: str, uid: str, grace_seconds: int | None = None) -> None:
        """Evict this very pod. TooManyRequestsError when a disruption budget does not allow it now."""
        options: Document = {"preconditions": {"uid": uid}}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": name, "namespace": namespace},
            "deleteOptions": options,
        }
        what = Request("create", "pods/eviction", namespace, name)
        self._send(what, "POST", PODS.path(namespace, name, "eviction"), body=body)

    def allowed(self, verb: str, resource: str, group: str = "", namespace: str = "", name: str = "") -> bool:
        """May we do this? `resource` is a plural, with its subresource where there is one (`pods/exec`)."""
        plural, _, subresource = resource.partition("/")
        attributes = {"verb": verb, "group": group, "resource": plural, "subresource": subresource}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {**attributes, "namespace": namespace, "name": name}},
        }
        what = Request("create", _REVIEWS.plural, "", group=_REVIEWS.group)
        answer = self._document(what, "POST", _REVIEWS.path(), body=review)
        return bool((answer.get("status") or {}).get("allowed"))

    def version(self) -> str:
        """Of the API server: `v1.36.1`."""
        answer = self._document(Request("read", "version", ""), "GET", "/version")
        return str(answer.get("gitVersion", ""))

    def pods(self, namespace: str, label_selector: str) -> list[Document]:
        """All pods of a namespace that the selector matches."""
        return self.find(PODS, namespace, label_selector)

    def workload(self, kind: str, namespace: str, name: str) -> Document:
        """A controller of pods, by its kind."""
        if kind not in WORKLOADS:
            raise KubeError(f"{kind} is not a workload that mlchaos reads; it reads {', '.join(sorted(WORKLOADS))}")
        return self.get(WORKLOADS[kind], name, namespace)

    def delete_pod(self, namespace: str, name: str, uid: str, grace_seconds: int) -> None:
        """Delete this very pod: NotFoundError when it is gone, ConflictError when another one has its name now."""
        self.delete(PODS, name, namespace, uid=uid, grace_seconds=grace_seconds)

    def _document(self, what: Request, method: str, path: str, **options: Any) -> Document:
        body = self._send(what, method, path, **options)
        try:
            document = json.loads(body)
        except ValueError as error:
            raise KubeError(
                f"cannot {what}: {self.server} did not answer with JSON; is it a Kubernetes API?"
            ) from error
        if not isinstance(document, dict):
            raise KubeError(f"cannot {what}: {self.server} did not answer with an object; is it a Kubernetes API?")
        return document

    def _send(
        self,
        what: Request,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: object = None,
        accept: str = "application/json",
        content: str = "application/json",
    ) -> bytes:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        headers = {"Accept": accept} | ({"Content-Type": content} if body is not None else {})
        try:
            response = self._api.call_api(
                path,
                method,
                query_params=[(key, value) for key, value in (query or {}).items() if value != ""],
                header_params=headers,
                body=body,
                auth_settings=["BearerToken"],
                _preload_content=False,
                _return_http_data_only=True,
                _request_timeout=self._timeout,
            )
            data: bytes = response.data
        except ApiException as error:
            raise refusal(what, self.place, error.status or 0, message_of(error.body or error.reason)) from error
        except (HTTPError, OSError) as error:
            raise TransientError(f"cannot {what}: {unreachable(self.server, self._timeout, error)}") from error
        return data


def _timeout_of_environment() -> float:
    text = os.environ.get(TIMEOUT_VARIABLE, "")
    try:
        seconds = float(text) if text else DEFAULT_TIMEOUT_SECONDS
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_TIMEOUT_SECONDS:
        raise KubeError(f"{TIMEOUT_VARIABLE}={text} is no time limit: give seconds, such as 10")
    return seconds


def _with(plural: str, subresource: str) -> str:
    return f"{plural}/{subresource}" if subresource else plural
