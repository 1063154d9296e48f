"""Workloads for tests on any cluster: their pods are scheduled by nobody, and become ready because the test says so."""

import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from tests.waiting import wait_for

DEADLINE_SECONDS = 20.0
NOBODY = "mlchaos-test-nobody"  # a scheduler that does not exist: no kubelet of a real cluster gets these pods


class Cluster:
    """A namespace in which every pod is made ready soon after it appears, as long as `readying` is set."""

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        self.namespace = namespace
        self.readying = threading.Event()
        self.readying.set()
        self._api = config.new_client_from_config(config_file=str(kubeconfig))
        self.core = client.CoreV1Api(self._api)
        self.apps = client.AppsV1Api(self._api)
        self.batch = client.BatchV1Api(self._api)
        self.policy = client.PolicyV1Api(self._api)
        self._stop = threading.Event()
        self._readier = threading.Thread(target=self._make_ready, daemon=True)

    def __enter__(self) -> "Cluster":
        self.core.create_namespace({"metadata": {"name": self.namespace}})
        wait_for(self._has_service_account, DEADLINE_SECONDS)
        self._readier.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._readier.join()
        self.core.delete_namespace(self.namespace)
        self._api.close()

    def deploy(self, name: str = "llm", replicas: int = 3) -> None:
        """A Deployment whose pods carry the label app=<name>; returns when all of them are ready."""
        template = {"metadata": {"labels": {"app": name}}, "spec": pod_spec()}
        spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
        self.apps.create_namespaced_deployment(self.namespace, {"metadata": {"name": name}, "spec": spec})
        wait_for(lambda: len(self.ready_uids(name)) == replicas, DEADLINE_SECONDS)
        wait_for(lambda: self._ready_replicas(name) == replicas, DEADLINE_SECONDS)

    def pod(self, name: str) -> None:
        """A pod without a controller, made ready."""
        body = {"metadata": {"name": name, "labels": {"app": name}}, "spec": pod_spec()}
        self.core.create_namespaced_pod(self.namespace, body)
        wait_for(lambda: bool(self.ready_uids(name)), DEADLINE_SECONDS)

    def uids(self, app: str = "llm") -> set[str]:
        """All pods with the label app=<app>."""
        return {pod.metadata.uid for pod in self._pods(app)}

    def some_pod(self, app: str = "llm") -> str:
        """The name of one pod with the label app=<app>."""
        return str(self._pods(app)[0].metadata.name)

    def ready_uids(self, app: str = "llm") -> set[str]:
        return {pod.metadata.uid for pod in self._pods(app) if _is_ready(pod)}

    def _pods(self, app: str) -> list[Any]:
        listed = self.core.list_namespaced_pod(self.namespace, label_selector=f"app={app}")
        return [pod for pod in listed.items if pod.metadata.deletion_timestamp is None]

    def _ready_replicas(self, name: str) -> int:
        return self.apps.read_namespaced_deployment(name, self.namespace).status.ready_replicas or 0

    def _has_service_account(self) -> bool:
        try:
            self.core.read_namespaced_service_account("default", self.namespace)
        except ApiException as error:
            if error.status != 404:
                raise
            return False
        return True

    def _make_ready(self) -> None:
        """What a kubelet would do, without the processes."""
        now = "2026-01-01T00:00:00Z"
        conditions = [
            {"type": kind, "status": "True", "lastTransitionTime": now} for kind in ("Ready", "ContainersReady")
        ]
        while not self._stop.wait(0.1):
            if not self.readying.is_set():
                continue
            for pod in self.core.list_namespaced_pod(self.namespace).items:
                if not _is_ready(pod) and pod.metadata.deletion_timestamp is None:
                    try:
                        self.core.patch_namespaced_pod_status(
                            pod.metadata.name,
                            self.namespace,
                            {"status": {"phase": "Running", "conditions": conditions}},
                        )
                    except ApiException as error:
                        if error.status not in (404, 409):
                            raise


def pod_spec() -> dict[str, Any]:
    return {
        "schedulerName": NOBODY,
        "containers": [{"name": "main", "image": "registry.invalid/none", "command": ["none"]}],
    }


def _is_ready(pod: Any) -> bool:
    return any(one.type == "Ready" and one.status == "True" for one in pod.status.conditions or ())
