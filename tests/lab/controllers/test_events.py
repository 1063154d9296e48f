import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from lab.controllers import events
from lab.controllers.events import EventRecorder
from lab.kubeclient import ApiError, Document, KubeClient
from tests.lab.controllers.objects import node, pod
from tests.lab.fake_server import write_kubeconfig


class RecordingClient(KubeClient):
    """Keeps what is written instead of sending it."""

    def __init__(self, directory: Path) -> None:
        super().__init__(write_kubeconfig(directory / "kubeconfig", "http://127.0.0.1:1"))
        self.created: list[tuple[str, Document]] = []
        self.patched: list[tuple[str, Document]] = []
        self.refusal: Exception | None = None

    async def create(self, path: str, body: Document) -> Document:
        if self.refusal:
            refusal, self.refusal = self.refusal, None
            raise refusal
        self.created.append((path, body))
        return body

    async def patch(self, path: str, body: object, content_type: str = "") -> Document:
        assert isinstance(body, dict)
        if self.refusal:
            refusal, self.refusal = self.refusal, None
            raise refusal
        self.patched.append((path, body))
        return body


def run(tmp_path: Path, test: Callable[[EventRecorder, RecordingClient], Awaitable[None]]) -> None:
    async def bounded() -> None:
        api = RecordingClient(tmp_path)
        recorder = EventRecorder(api)
        running = asyncio.create_task(recorder.run())
        await asyncio.wait_for(test(recorder, api), 10)
        assert not running.done()
        running.cancel()

    asyncio.run(bounded())


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_an_event_tells_who_said_what_about_which_object(tmp_path: Path) -> None:
    async def check(recorder: EventRecorder, api: RecordingClient) -> None:
        recorder.record(pod("p"), "default-scheduler", "Scheduled", "to a")
        await settle()
        ((path, event),) = api.created
        assert path == "/api/v1/namespaces/n/events"
        assert event["metadata"]["name"].startswith("p.")
        assert (event["reason"], event["message"], event["type"], event["count"]) == ("Scheduled", "to a", "Normal", 1)
        assert event["involvedObject"]["uid"] == "uid-p"
        assert event["source"] == {"component": "default-scheduler"}

    run(tmp_path, check)


def test_a_repeated_event_is_counted_instead_of_written_again(tmp_path: Path) -> None:
    async def check(recorder: EventRecorder, api: RecordingClient) -> None:
        for message in ("a", "a", "b", "a"):
            recorder.record(pod("p"), "x", "r", message)
        await settle()
        assert [event["message"] for _, event in api.created] == ["a", "b"]
        assert [change["count"] for _, change in api.patched] == [2, 3]
        assert api.patched[0][0].endswith(api.created[0][1]["metadata"]["name"])

    run(tmp_path, check)


def test_an_event_that_has_expired_meanwhile_is_written_anew(tmp_path: Path) -> None:
    async def check(recorder: EventRecorder, api: RecordingClient) -> None:
        recorder.record(pod("p"), "x", "r", "a")
        await settle()
        api.refusal = ApiError(404, "NotFound", "expired")
        recorder.record(pod("p"), "x", "r", "a")
        await settle()
        assert len(api.created) == 2

    run(tmp_path, check)


def test_events_about_nodes_go_to_the_default_namespace(tmp_path: Path) -> None:
    async def check(recorder: EventRecorder, api: RecordingClient) -> None:
        recorder.record(node("a"), "node-controller", "NodeNotReady", "m")
        await settle()
        assert api.created[0][0] == "/api/v1/namespaces/default/events"

    run(tmp_path, check)


def test_a_refusal_or_a_surprise_loses_one_event_only(tmp_path: Path) -> None:
    async def check(recorder: EventRecorder, api: RecordingClient) -> None:
        for refusal in (ApiError(403, "Forbidden", "going"), TimeoutError(), ValueError("surprise")):
            api.refusal = refusal
            recorder.record(pod("p"), "x", "r", "lost")
            recorder.record(pod("p"), "x", "r", f"kept after {refusal}")
            await settle()
        assert len(api.created) == 3

    run(tmp_path, check)


def test_events_beyond_what_can_wait_are_dropped(tmp_path: Path) -> None:
    async def check(recorder: EventRecorder, api: RecordingClient) -> None:
        for number in range(events.MOST_WAITING + 50):
            recorder.record(pod("p"), "x", "r", str(number))
        await settle()
        assert len(api.created) == events.MOST_WAITING

    run(tmp_path, check)
