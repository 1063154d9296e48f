"""A real API server, the real controllers, and nodes whose kubelets are a few lines of this test."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab.controllers import pods
from lab.controllers.node_lifecycle import LEASE_NAMESPACE
from lab.informer import Informer
from lab.kubeclient import ApiError, Document, KubeClient
from lab.processes import die_with_parent
from tests.lab.apiserver_process import running_apiserver

LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{LEASE_NAMESPACE}/leases"
PODS = "/api/v1/namespaces/default/pods"


STOP_SECONDS = 5.0


@contextmanager
def cluster(octet: int, directory: Path, *arguments: str) -> Iterator[Path]:
    """Start API server and controllers; gives the kubeconfig. The controllers' log is controllers.log."""
    server = running_apiserver(octet, directory, "--default-toleration-seconds", "1")
    with server as kubeconfig, controllers(kubeconfig, *arguments):
        yield kubeconfig


@contextmanager
def controllers(kubeconfig: Path, *arguments: str) -> "Iterator[subprocess.Popen[bytes]]":
    """The controllers' process; at the end it must stop when asked and have logged no mistake."""
    log_path = kubeconfig.with_name("controllers.log")
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            die_with_parent([sys.executable, "-m", "lab.controllers", *arguments]),
            stderr=log,
            env={**os.environ, "KUBECONFIG": str(kubeconfig)},
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            status = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    text = log_path.read_text()
    assert "Traceback" not in text, text
    assert status in {0, -signal.SIGKILL}, text


class FakeNode:
    """A node with a heartbeat that runs what is bound to it, in name only."""

    def __init__(self, api: KubeClient, name: str, allocatable: dict[str, str]) -> None:
        self.name = name
        self._api = api
        own = {k.replace("__", "/").replace("_", "."): v for k, v in allocatable.items()}
        self._allocatable = {"cpu": "8", "memory": "16Gi", "pods": "110", **own}
        self._changed: asyncio.Queue[Document] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._next_address = 0

    async def start(self, labels: dict[str, str]) -> None:
        """Register and begin to work."""
        own = {"kubernetes.io/hostname": self.name, **labels}
        await self._api.create("/api/v1/nodes", {"metadata": {"name": self.name, "labels": own}})
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastTransitionTime": _now()}
        status = {"allocatable": self._allocatable, "capacity": self._allocatable, "conditions": [ready]}
        await self._api.patch(f"/api/v1/nodes/{self.name}/status", {"status": status})
        await self._api.create(LEASES, {"metadata": {"name": self.name}, "spec": {"renewTime": _micro_now()}})
        pods = Informer(self._api, "/api/v1/pods", fieldSelector=f"spec.nodeName={self.name}")
        pods.subscribe(lambda _old, new: self._changed.put_nowait(new) if new else None)
        self._tasks = [
            asyncio.create_task(work) for work in (pods.run(), self._beat(), *(self._run() for _ in range(4)))
        ]

    async def lose(self) -> None:
        """Fall silent."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            await self._api.patch(f"{LEASES}/{self.name}", {"spec": {"renewTime": _micro_now()}})
            await asyncio.sleep(0.3)

    async def _run(self) -> None:
        while True:
            pod = await self._changed.get()
            path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
            try:
                if pod["metadata"].get("deletionTimestamp"):
                    await self._api.delete(path, {"gracePeriodSeconds": 0})
                elif pod["status"]["phase"] == "Pending":
                    await self._api.patch(f"{path}/status", {"status": self._running()})
            except ApiError as error:
                if error.status not in {404, 409}:
                    raise

    def _running(self) -> Document:
        self._next_address += 1
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": _now()}
        return {
            "phase": "Running",
            "podIP": f"10.0.{self._next_address // 250}.{self._next_address % 250}",
            "conditions": [ready],
        }


class Bench:
    """A client, FakeNodes, and what tests ask most."""

    def __init__(self, api: KubeClient) -> None:
        self.api = api
        self.nodes: dict[str, FakeNode] = {}

    async def add_node(self, name: str, labels: dict[str, str] | None = None, **allocatable: str) -> FakeNode:
        """A node that works from now on (write nvidia_com__gpu="4" for nvidia.com/gpu)."""
        node = self.nodes[name] = FakeNode(self.api, name, allocatable)
        await node.start(labels or {})
        return node

    async def apply(self, collection: str, document: Document) -> Document:
        """Create in the namespace default; `collection` such as apis/apps/v1/deployments."""
        root, _, plural = collection.rpartition("/")
        return await self.api.create(f"/{root}/namespaces/default/{plural}", document)

    async def pods(self, app: str) -> list[Document]:
        """Pods labelled app=`app`."""
        found: list[Document] = (await self.api.list(PODS, labelSelector=f"app={app}"))["items"]
        return found

    async def running(self, app: str, count: int) -> list[Document]:
        """The running pods of `app`, if there are `count` and no others; else nothing."""
        alive = [p for p in await self.pods(app) if pods.is_active(p)]
        return alive if len(alive) == count and all(map(pods.is_ready, alive)) else []

    async def gone(self, path: str) -> bool:
        """Whether nothing is at `path`."""
        try:
            await self.api.get(path)
        except ApiError as error:
            return error.status == 404
        return False


@asynccontextmanager
async def bench(kubeconfig: Path) -> AsyncIterator[Bench]:
    """A Bench; a wait that fails shows the controllers' log."""
    async with KubeClient(kubeconfig) as api:
        made = Bench(api)
        try:
            yield made
        except AssertionError as error:
            raise AssertionError(f"{error}\n{kubeconfig.with_name('controllers.log').read_text()}") from error
        finally:
            for node in made.nodes.values():
                await node.lose()


def deployment(name: str, replicas: int = 3, **spec: Any) -> Document:
    """A Deployment whose pods FakeNodes run; keyword arguments go to the pod's spec."""
    labels = {"app": name}
    pod = {"terminationGracePeriodSeconds": 1, "containers": [{"name": "main", "image": "none"}], **spec}
    template = {"metadata": {"labels": labels}, "spec": pod}
    return {
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
    }


async def until(check: Callable[[], Any], seconds: float, what: str) -> Any:
    """The first truthy answer of the coroutine function `check`."""
    deadline = time.monotonic() + seconds
    while not (answer := await check()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.02)
    return answer


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _micro_now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
