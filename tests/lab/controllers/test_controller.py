import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lab.controllers.__main__ import parse_arguments
from lab.controllers.cluster import Cluster
from lab.controllers.controller import Controller, Options, all_of
from lab.controllers.events import EventRecorder
from lab.controllers.registry import CONTROLLERS
from lab.kubeclient import ApiError, KubeClient
from tests.lab.fake_server import write_kubeconfig


class Failing(Controller[str]):
    """Fails as it is told, once for each failure."""

    name = "failing"
    component = "failing"

    def __init__(self, cluster: Cluster, options: Options) -> None:
        super().__init__(cluster, options)
        self.failures: list[Exception] = []
        self.worked: list[str] = []

    async def reconcile(self, key: str) -> None:
        if self.failures:
            raise self.failures.pop()
        self.worked.append(key)


def cluster(tmp_path: Path) -> Cluster:
    api = KubeClient(write_kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:1"))
    return Cluster(api, EventRecorder(api))


@pytest.mark.parametrize(
    "failure", [ApiError(409, "Conflict", "c"), ApiError(500, "Broken", "b"), TimeoutError(), ValueError("mistake")]
)
def test_whatever_fails_is_tried_again_and_the_worker_lives(tmp_path: Path, failure: Exception) -> None:
    async def check() -> None:
        controller = Failing(cluster(tmp_path), Options())
        controller.failures = [failure, failure]
        running = asyncio.create_task(controller.run())
        controller.queue.add("a")
        async with asyncio.timeout(5):
            while controller.worked != ["a"]:  # noqa: ASYNC110 (the condition is another task's)
                await asyncio.sleep(0.005)
        assert not running.done()
        running.cancel()

    asyncio.run(check())


def test_a_mistake_is_logged_with_its_trace(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    test_whatever_fails_is_tried_again_and_the_worker_lives(tmp_path, ValueError("a mistake of ours"))
    out, err = capfd.readouterr()
    assert "Traceback" in out + err
    assert "a mistake of ours" in out + err


def test_many_calls_are_all_made() -> None:
    made: list[int] = []

    def call(number: int) -> Callable[[], Awaitable[None]]:
        async def record() -> None:
            made.append(number)

        return record

    asyncio.run(all_of([call(n) for n in range(100)]))
    assert sorted(made) == list(range(100))


def test_a_server_that_refuses_everything_is_asked_once() -> None:
    asked = 0

    async def refused() -> None:
        nonlocal asked
        asked += 1
        raise ApiError(403, "Forbidden", "quota")

    with pytest.raises(ApiError, match="quota"):
        asyncio.run(all_of([refused] * 100))
    assert asked == 1


def test_every_controller_can_be_left_out_by_name() -> None:
    given = [flag for name in CONTROLLERS for flag in ("--without", name)]
    assert parse_arguments(given).without == list(CONTROLLERS)


@pytest.mark.parametrize(
    "given", [["--without", "nonsense"], ["--node-grace-seconds", "0"], ["--node-grace-seconds", "x"]]
)
def test_bad_arguments_are_refused_with_status_2(given: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parse_arguments(given)
    assert stopped.value.code == 2
