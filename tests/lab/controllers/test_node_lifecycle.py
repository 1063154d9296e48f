import asyncio
import copy
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lab.controllers.cluster import Cluster
from lab.controllers.controller import Options
from lab.controllers.events import EventRecorder
from lab.controllers.node_lifecycle import LEASES, SLOW_ANSWER_SECONDS, NodeLifecycleController
from lab.kubeclient import ApiError, Document, KubeClient
from tests.lab.controllers.objects import node, pod
from tests.lab.fake_server import write_kubeconfig

GRACE = 60.0


class Clock(asyncio.SelectorEventLoop):
    """An event loop whose time can be made to pass."""

    passed = 0.0

    def time(self) -> float:
        return super().time() + self.passed

    def advance(self, seconds: float) -> None:
        self.passed += seconds


def clock() -> Clock:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Clock)
    return loop


class LeaseServer(KubeClient):
    """Answers for one Lease, and takes patches."""

    def __init__(self, directory: Path) -> None:
        super().__init__(write_kubeconfig(directory / "kubeconfig", "http://127.0.0.1:1"))
        self.lease: Document | None = lease("then", 1)
        self.delay = 0.0
        self.failure: Exception | None = None
        self.patched: list[str] = []
        self._documents = {"/api/v1/nodes/a": node("a"), "/api/v1/namespaces/n/pods/p": pod("p", node="a")}

    async def get(self, path: str, **params: str) -> Document:
        clock().advance(self.delay)
        if self.failure:
            raise self.failure
        if self.lease is None:
            raise ApiError(404, "NotFound", path)
        return self.lease

    async def patch(self, path: str, body: object, content_type: str = "") -> Document:
        assert isinstance(body, dict)
        self.patched.append(path)
        known = self._documents[path.removesuffix("/status")]
        known.update({field: {**known[field], **change} for field, change in body.items()})
        known["metadata"]["resourceVersion"] = str(100 + len(self.patched))
        return copy.deepcopy(known)


def lease(renewed: str, version: int) -> Document:
    return {
        "metadata": {"name": "a", "namespace": "kube-node-lease", "resourceVersion": str(version)},
        "spec": {"renewTime": renewed},
    }


def run(tmp_path: Path, test: Callable[[NodeLifecycleController, LeaseServer], Awaitable[None]]) -> None:
    """Run `test` with a controller that has heard node a and then nothing for longer than the grace."""

    async def prepared() -> None:
        api = LeaseServer(tmp_path)
        cluster = Cluster(api, EventRecorder(api))
        controller = NodeLifecycleController(cluster, Options(node_grace_seconds=GRACE))
        cluster.informer("nodes").observe(node("a"))
        cluster.informer_at(LEASES).observe(lease("then", 1))
        cluster.informer("pods").observe(pod("p", node="a"))
        clock().advance(2 * GRACE)
        await test(controller, api)

    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(prepared())


def test_a_silent_node_and_its_pods_are_marked_and_tainted(tmp_path: Path) -> None:
    async def check(controller: NodeLifecycleController, api: LeaseServer) -> None:
        await controller.reconcile("a")
        assert api.patched == ["/api/v1/nodes/a/status", "/api/v1/nodes/a", "/api/v1/namespaces/n/pods/p/status"]

    run(tmp_path, check)


def test_a_node_without_a_lease_is_judged_by_its_status_alone(tmp_path: Path) -> None:
    async def check(controller: NodeLifecycleController, api: LeaseServer) -> None:
        api.lease = None
        await controller.reconcile("a")
        assert api.patched[0] == "/api/v1/nodes/a/status"

    run(tmp_path, check)


def test_a_lease_that_was_renewed_and_not_told_yet_saves_the_node(tmp_path: Path) -> None:
    async def check(controller: NodeLifecycleController, api: LeaseServer) -> None:
        api.lease = lease("now", 2)
        await controller.reconcile("a")
        assert api.patched == []

    run(tmp_path, check)


def test_a_slow_server_excuses_every_node(tmp_path: Path) -> None:
    async def check(controller: NodeLifecycleController, api: LeaseServer) -> None:
        api.delay = 2 * SLOW_ANSWER_SECONDS
        await controller.reconcile("a")
        assert api.patched == []
        api.delay = 0
        clock().advance(2 * GRACE)
        await controller.reconcile("a")
        assert api.patched[0] == "/api/v1/nodes/a/status"

    run(tmp_path, check)


@pytest.mark.parametrize("failure", [ApiError(500, "Broken", "b"), TimeoutError(), OSError("refused")])
def test_a_server_that_is_away_excuses_every_node_and_is_asked_again(tmp_path: Path, failure: Exception) -> None:
    async def check(controller: NodeLifecycleController, api: LeaseServer) -> None:
        api.failure = failure
        with pytest.raises(type(failure)):
            await controller.reconcile("a")
        api.failure = None
        await controller.reconcile("a")
        assert api.patched == []

    run(tmp_path, check)


def test_a_node_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    async def check(controller: NodeLifecycleController, api: LeaseServer) -> None:
        controller.cluster.informer("nodes").observe_deleted(node("a"))
        await controller.reconcile("a")
        assert api.patched == []

    run(tmp_path, check)
