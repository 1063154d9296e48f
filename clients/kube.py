"""Reaching a Kubernetes API server: credentials, a timeout on every call, and errors that say what to do.

Reads give plain JSON documents: the official client's typed models take some fifty times as long to build, and a
selector over a large namespace is felt. Deletes go through its typed API.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Document = dict[str, Any]

DEFAULT_TIMEOUT_SECONDS = 10.0
PAGE = 500


class KubeError(Exception):
    """The Kubernetes API could not be used: where, why, and what to do about it."""


class NotFoundError(KubeError):
    """What was asked for is not there."""


class ConflictError(KubeError):
    """A precondition of a write does not hold any more."""


class TransientError(KubeError):
    """The API did not answer, or could not: the same call may succeed later."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the API, in the words of a Role."""

    verb: str
    resource: str
    namespace: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}{f' {self.name}' if self.name else ''} in namespace {self.namespace}"


class Kube:
    """One cluster, as the kubeconfig's current context (or the pod that this runs in) reaches it."""

    def __init__(self, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> None:
        from kubernetes import client

        configuration, context = _configuration()
        self._api = client.ApiClient(configuration)
        self._core = client.CoreV1Api(self._api)
        self._apps = client.AppsV1Api(self._api)
        self._timeout = timeout
        self.server: str = configuration.host
        self.place = f"{self.server} ({context})"

    def close(self) -> None:
        self._api.close()

    def __enter__(self) -> "Kube":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def pods(self, namespace: str, label_selector: str) -> list[Document]:
        """All pods of a namespace that the selector matches, read page by page."""
        found: list[Document] = []
        position = None
        while True:
            page = self._read(
                Request("list", "pods", namespace),
                self._core.list_namespaced_pod,
                namespace,
                label_selector=label_selector,
                limit=PAGE,
                _continue=position,
            )
            found += page["items"]
            position = page["metadata"].get("continue")
            if not position:
                return found

    def workload(self, kind: str, namespace: str, name: str) -> Document:
        """A Deployment, ReplicaSet, StatefulSet or DaemonSet; a ReplicationController too."""
        readers: dict[str, Callable[..., Any]] = {
            "Deployment": self._apps.read_namespaced_deployment,
            "ReplicaSet": self._apps.read_namespaced_replica_set,
            "StatefulSet": self._apps.read_namespaced_stateful_set,
            "DaemonSet": self._apps.read_namespaced_daemon_set,
            "ReplicationController": self._core.read_namespaced_replication_controller,
        }
        if kind not in readers:
            raise KubeError(f"{kind} is not a workload that mlchaos reads; it reads {', '.join(sorted(readers))}")
        return self._read(Request("get", f"{kind.lower()}s", namespace, name), readers[kind], name, namespace)

    def delete_pod(self, namespace: str, name: str, uid: str, grace_seconds: int) -> None:
        """Delete this very pod: NotFoundError when it is gone, ConflictError when another one has its name now."""
        from kubernetes import client

        options = client.V1DeleteOptions(
            grace_period_seconds=grace_seconds, preconditions=client.V1Preconditions(uid=uid)
        )
        what = Request("delete", "pods", namespace, name)
        self._call(what, self._core.delete_namespaced_pod, name, namespace, body=options)

    def _read(self, what: Request, function: Callable[..., Any], *arguments: str, **options: Any) -> Document:
        body = self._call(what, function, *arguments, **options).data
        try:
            document = json.loads(body)
        except ValueError as error:
            raise KubeError(
                f"cannot {what}: {self.server} did not answer with JSON; is it a Kubernetes API?"
            ) from error
        if not isinstance(document, dict):
            raise KubeError(f"cannot {what}: {self.server} did not answer with an object; is it a Kubernetes API?")
        return document

    def _call(self, what: Request, function: Callable[..., Any], *arguments: str, **options: Any) -> Any:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            return function(*arguments, _preload_content=False, _request_timeout=self._timeout, **options)
        except ApiException as error:
            raise _refusal(what, self.place, error.status or 0, _message(error.body)) from error
        except (HTTPError, OSError) as error:
            raise TransientError(f"cannot {what}: {_unreachable(self.server, self._timeout, error)}") from error


def _configuration() -> tuple[Any, str]:
    """How to reach the cluster, and in words where that was read."""
    from kubernetes import client, config
    from urllib3.util.retry import Retry

    configuration = client.Configuration()
    source = "the cluster that this runs in"
    # The client reads KUBECONFIG when it is imported; what counts is what it is now.
    named = os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    try:
        config.load_kube_config(config_file=named, client_configuration=configuration)
        source = f"context {config.list_kube_config_contexts(config_file=named)[1]['name']}"
    except (config.ConfigException, OSError, ValueError) as outside:
        try:
            config.load_incluster_config(client_configuration=configuration)
        except config.ConfigException:
            raise KubeError(
                f"no cluster to reach: {named}: {_one_line(outside)}; set KUBECONFIG to a kubeconfig with a current "
                'context (in the lab: eval "$(chaos lab env)")'
            ) from outside
    host = urlsplit(configuration.host).hostname or ""
    if host == "localhost" or host.startswith("127."):
        configuration.proxy = None  # a proxy of the machine cannot reach what listens on its loopback
    # Only what changes nothing is asked twice: a deletion whose answer was lost may have been done.
    configuration.retries = Retry(total=1, allowed_methods=("GET",))
    return configuration, source


def _refusal(what: Request, server: str, status: int, message: str) -> KubeError:
    if status == 401:
        return KubeError(f"cannot {what}: {server} does not know these credentials (401); renew the kubeconfig's user")
    if status == 403:
        return KubeError(
            f"cannot {what}: forbidden (403) by {server}: {message}; it takes a Role in namespace {what.namespace} "
            f"with verb {what.verb} on {what.resource}"
        )
    if status == 404:
        return NotFoundError(f"cannot {what}: it is not there (404) at {server}: {message}")
    if status == 409:
        return ConflictError(f"cannot {what}: conflict (409): {message}")
    kind = TransientError if status >= 500 or status == 429 else KubeError
    return kind(f"cannot {what}: {server} answered {status}: {message}")


def _message(body: bytes | str | None) -> str:
    """The text of a Kubernetes Status, or what came instead of one."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body or "no reason given"
    try:
        status = json.loads(text)
    except ValueError:
        return _one_line(text)[:200]
    return str(status.get("message", text)) if isinstance(status, dict) else text


def _unreachable(server: str, timeout: float, error: Exception) -> str:
    from urllib3.exceptions import TimeoutError as Timeout

    text = _one_line(error)
    remedy = "is the cluster up (in the lab: chaos lab up) and KUBECONFIG the right one?"
    if "refused" in text:
        return f"{server}: connection refused; {remedy}"
    if "certificate" in text.lower():
        return f"{server}: its certificate is not trusted: {text}; renew certificate-authority-data in the kubeconfig"
    if isinstance(error, Timeout) or "timed out" in text:
        return f"{server}: no answer within {timeout:g} s; {remedy}"
    return f"{server}: {text}; {remedy}"


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
