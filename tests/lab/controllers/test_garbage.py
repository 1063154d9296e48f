import asyncio
from pathlib import Path

import aiohttp

from lab.controllers.cluster import Cluster
from lab.controllers.controller import Options
from lab.controllers.events import EventRecorder
from lab.controllers.garbage import DEPENDENTS, GarbageCollector, Verdict, judge
from lab.kubeclient import Document, KubeClient
from tests.lab.controllers.objects import reference
from tests.lab.fake_server import write_kubeconfig

FIRST, SECOND = reference("ReplicaSet", "a", "1", blockOwnerDeletion=True), reference("Deployment", "b", "2")


def test_an_object_whose_owners_are_all_gone_goes_too() -> None:
    assert judge([FIRST, SECOND], absent={"1", "2"}, waiting=set(), has_dependents=True) == Verdict("Background", [])


def test_an_object_with_one_owner_left_loses_the_other_references() -> None:
    assert judge([FIRST, SECOND], absent={"1"}, waiting=set(), has_dependents=False) == Verdict(None, [SECOND])


def test_an_owner_that_waits_for_its_dependents_is_obeyed() -> None:
    assert judge([FIRST], absent=set(), waiting={"1"}, has_dependents=False).delete == "Background"


def test_a_waiting_owner_waits_for_the_dependents_of_its_dependents() -> None:
    assert judge([FIRST], absent=set(), waiting={"1"}, has_dependents=True).delete == "Foreground"
    assert judge([SECOND], absent=set(), waiting={"2"}, has_dependents=True).delete == "Background"


def test_an_object_with_a_solid_owner_is_kept_from_a_waiting_one() -> None:
    assert judge([FIRST, SECOND], absent=set(), waiting={"1"}, has_dependents=False) == Verdict(None, [SECOND])


class LateServer(KubeClient):
    """Refuses connections at first; then it answers discovery, with kinds that nobody has objects of."""

    def __init__(self, directory: Path) -> None:
        super().__init__(write_kubeconfig(directory / "kubeconfig", "http://127.0.0.1:1"))
        self.refusals = 3
        self.discovered: set[str] = set()

    async def get(self, path: str, **params: str) -> Document:
        if self.refusals:
            self.refusals -= 1
            raise aiohttp.ClientConnectionError("refused")
        self.discovered.add(path)
        return {"resources": []}


def test_a_server_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    async def check() -> None:
        api = LateServer(tmp_path)
        collector = GarbageCollector(Cluster(api, EventRecorder(api)), Options())
        running = asyncio.create_task(collector.run())
        wanted = {f"/api{'s' if '/' in kind.api_version else ''}/{kind.api_version}" for kind in DEPENDENTS}
        async with asyncio.timeout(5):
            while api.discovered != wanted:  # noqa: ASYNC110 (the condition is another task's)
                await asyncio.sleep(0.005)
        assert not running.done()
        running.cancel()

    asyncio.run(check())
