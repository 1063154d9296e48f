import asyncio
import json
from typing import Any

import pytest

from lab.apiserver import watch as watch_module
from lab.apiserver.errors import Document
from lab.apiserver.kinds import POD, Resource
from lab.apiserver.negotiation import WHOLE, Form
from lab.apiserver.selectors import parse_selection
from lab.apiserver.store import Store
from lab.apiserver.watch import Watch, Watches, WatchRequest

PODS = Resource(POD, "", "v1")


def request(version: int | None = None, labels: str = "", **more: Any) -> WatchRequest:
    selection = parse_selection(POD, None, labels, "")
    return WatchRequest(**{"resource": PODS, "form": WHOLE, "selection": selection, "version": version, **more})


def pod(name: str = "a", **labels: str) -> Document:
    return {"metadata": {"name": name, "namespace": "default", "labels": labels}, "spec": {}}


class Watcher:
    """A watch in progress and what it has sent."""

    def __init__(self, watches: Watches, what: WatchRequest) -> None:
        self.events: list[Document] = []
        self.told = asyncio.Event()
        self.watch = Watch(what)
        self.task = asyncio.ensure_future(watches.serve(self.watch, self._write))

    async def _write(self, piece: bytes) -> None:
        self.events += [json.loads(line) for line in piece.splitlines()]
        if piece:
            self.told.set()

    async def seen(self) -> list[tuple[str, str]]:
        """(type, name) of everything that is sent until nothing is left to send."""
        for _ in range(5):
            await asyncio.sleep(0)
        return [(event["type"], event["object"]["metadata"].get("name", "")) for event in self.events]


async def _seen_during(store: Store, what: WatchRequest, *steps: Any) -> list[tuple[str, str]]:
    watcher = Watcher(Watches(store), what)
    await watcher.seen()
    for step in steps:
        step()
    seen = await watcher.seen()
    watcher.watch.end()
    await watcher.task
    return seen


def watched(store: Store, what: WatchRequest, *steps: Any) -> list[tuple[str, str]]:
    return asyncio.run(_seen_during(store, what, *steps))


def test_a_watch_without_a_version_begins_with_what_is_there() -> None:
    store = Store()
    store.put(POD, pod("a"))
    assert watched(store, request(), lambda: store.put(POD, pod("b"))) == [("ADDED", "a"), ("ADDED", "b")]


def test_a_watch_from_a_version_begins_with_what_came_since() -> None:
    store = Store()
    version = store.put(POD, pod("a")).version
    changed = store.put(POD, pod("a", x="1"))
    seen = watched(store, request(version), lambda: store.remove(changed))
    assert seen == [("MODIFIED", "a"), ("DELETED", "a")]


def test_objects_enter_and_leave_a_selection() -> None:
    store = Store()
    version = store.put(POD, pod("a", on="no")).version
    seen = watched(
        store,
        request(version, "on=yes"),
        lambda: store.put(POD, pod("a", on="no", other="x")),
        lambda: store.put(POD, pod("a", on="yes")),
        lambda: store.put(POD, pod("a", on="yes", other="x")),
        lambda: store.put(POD, pod("a", on="no")),
        lambda: store.put(POD, pod("b", on="no")),
    )
    assert seen == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]


def test_an_object_that_leaves_is_shown_as_it_was_under_the_version_at_which_it_left() -> None:
    async def scenario() -> None:
        store = Store()
        version = store.put(POD, pod("a", on="yes")).version
        watcher = Watcher(Watches(store), request(version, "on=yes"))
        await watcher.seen()
        left = store.put(POD, pod("a", on="no"))
        await watcher.seen()
        shown = watcher.events[0]["object"]["metadata"]
        assert (shown["labels"], shown["resourceVersion"]) == ({"on": "yes"}, str(left.version))
        watcher.watch.end()
        await watcher.task

    asyncio.run(scenario())


def test_a_version_that_is_too_old_is_told_in_the_stream() -> None:
    async def scenario() -> None:
        watcher = Watcher(Watches(Store(first_version=50)), request(49))
        await watcher.task
        assert [(event["type"], event["object"]["code"]) for event in watcher.events] == [("ERROR", 410)]

    asyncio.run(scenario())


def test_a_watch_ends_when_its_time_is_up() -> None:
    async def scenario() -> None:
        watcher = Watcher(Watches(Store()), request(seconds=0.05))
        await asyncio.wait_for(watcher.task, 5)

    asyncio.run(scenario())


def test_bookmarks_tell_how_far_a_quiet_watch_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "BOOKMARK_SECONDS", 0.01)

    async def scenario() -> None:
        store = Store(first_version=7)
        watcher = Watcher(Watches(store), request(7, bookmarks=True))
        silent = Watcher(Watches(store), request(7))
        await asyncio.wait_for(watcher.told.wait(), 5)
        first = watcher.events[0]
        assert (first["type"], first["object"]["kind"]) == ("BOOKMARK", "Pod")
        assert first["object"]["metadata"]["resourceVersion"] == "7"
        assert silent.events == []
        for each in (watcher, silent):
            each.watch.end()
            await each.task

    asyncio.run(scenario())


def test_initial_events_end_with_a_bookmark_that_says_so() -> None:
    async def scenario() -> None:
        store = Store()
        store.put(POD, pod("a"))
        watcher = Watcher(Watches(store), request(1, bookmarks=True, initial_events=True))
        await watcher.seen()
        assert [event["type"] for event in watcher.events] == ["ADDED", "BOOKMARK"]
        annotations = watcher.events[1]["object"]["metadata"]["annotations"]
        assert annotations == {"k8s.io/initial-events-end": "true"}
        watcher.watch.end()
        await watcher.task

    asyncio.run(scenario())


def test_watches_of_the_same_share_one_encoded_line() -> None:
    store = Store()
    seen: list[int] = []
    store.listen(lambda change: seen.append(id(change.lines)))

    async def scenario() -> None:
        watches = Watches(store)
        watchers = [Watcher(watches, request(1)) for _ in range(3)]
        tabular = Watcher(watches, request(1, form=Form("table", "meta.k8s.io/v1")))
        await tabular.seen()
        store.put(POD, pod("a"))
        await tabular.seen()
        assert len(store.changes_since(POD, 1)[0].lines) == 2
        assert tabular.events[0]["object"]["kind"] == "Table"
        watches.end_all()
        await asyncio.gather(tabular.task, *(watcher.task for watcher in watchers))

    asyncio.run(scenario())


def test_a_watch_that_lags_too_far_behind_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "MOST_PENDING", 3)

    async def scenario() -> None:
        store = Store()
        watcher = Watcher(Watches(store), request(1))
        await watcher.seen()
        for _ in range(4):
            store.put(POD, pod("a"))
        await asyncio.wait_for(watcher.task, 5)

    asyncio.run(scenario())
