import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lab.informer import Informer
from lab.kubeclient import Document, KubeClient
from tests.lab.fake_server import BREAK, CLOSE, FakeServer, event, item, listing, serving, write_kubeconfig

Seen = list[tuple[str | None, str | None]]


def tag(document: Document | None) -> str | None:
    return None if document is None else f"{document['metadata']['name']}@{document['metadata']['resourceVersion']}"


def record(informer: Informer) -> Seen:
    seen: Seen = []
    informer.subscribe(lambda old, new: seen.append((tag(old), tag(new))))
    return seen


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(8):
        while not condition():  # noqa: ASYNC110 (the condition is another process's or task's)
            await asyncio.sleep(0.005)


def run(tmp_path: Path, server: FakeServer, test: Callable[[Informer], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(10), serving(server, tmp_path) as kubeconfig, KubeClient(kubeconfig) as api:
            informer = Informer(api, "/api/v1/pods")
            running = asyncio.create_task(informer.run())
            await test(informer)
            assert not running.done()
            running.cancel()

    asyncio.run(bounded())


def test_a_list_then_a_watch_keep_the_cache(tmp_path: Path) -> None:
    server = FakeServer()
    server.lists.append(listing(5, item("a", 1), item("b", 2)))
    server.watches.append(
        [event("MODIFIED", item("a", 6)), event("ADDED", item("c", 7)), event("DELETED", item("b", 8))]
    )

    async def check(informer: Informer) -> None:
        seen = record(informer)
        await informer.synced()
        await until(lambda: len(seen) == 5)
        assert seen == [(None, "a@1"), (None, "b@2"), ("a@1", "a@6"), (None, "c@7"), ("b@2", None)]
        assert sorted(d["metadata"]["name"] for d in informer.items()) == ["a", "c"]
        assert informer.get("n", "b") is None
        assert tag(informer.get("n", "a")) == "a@6"
        assert server.watched_from == ["5"]

    run(tmp_path, server, check)


def test_items_of_a_list_are_given_their_kind(tmp_path: Path) -> None:
    server = FakeServer()
    server.lists.append(listing(5, item("a", 1)))

    async def check(informer: Informer) -> None:
        await informer.synced()
        found = informer.get("n", "a")
        assert found is not None
        assert (found["apiVersion"], found["kind"]) == ("v1", "Pod")

    run(tmp_path, server, check)


def test_a_watch_that_the_server_closes_is_resumed_from_the_last_version(tmp_path: Path) -> None:
    server = FakeServer()
    server.lists.append(listing(5))
    server.watches.append(
        [event("ADDED", item("a", 9)), event("BOOKMARK", {"metadata": {"resourceVersion": "20"}}), CLOSE]
    )
    server.watches.append([event("ADDED", item("b", 21))])

    async def check(informer: Informer) -> None:
        await until(lambda: len(informer) == 2)
        assert server.watched_from == ["5", "20"]
        assert server.list_count == 1

    run(tmp_path, server, check)


def test_a_broken_watch_starts_over_and_tells_only_the_differences(tmp_path: Path) -> None:
    server = FakeServer()
    server.lists.extend([listing(5, item("a", 1), item("b", 2)), listing(9, item("a", 1), item("c", 8))])
    server.watches.append([BREAK])

    async def check(informer: Informer) -> None:
        seen = record(informer)
        await until(lambda: len(seen) == 4)
        assert seen[2:] == [("b@2", None), (None, "c@8")]

    run(tmp_path, server, check)


def test_a_version_that_is_too_old_is_listed_again(tmp_path: Path) -> None:
    server = FakeServer()
    server.lists.extend([listing(5), listing(50, item("a", 40))])
    server.watches.append([event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired"})])

    async def check(informer: Informer) -> None:
        await until(lambda: len(informer) == 1)
        await until(lambda: server.watched_from == ["5", "50"])

    run(tmp_path, server, check)


@pytest.mark.parametrize("version", [8, 1])
def test_another_object_under_the_same_name_is_told_as_gone_and_new(tmp_path: Path, version: int) -> None:
    """Even with the same version, as after the server was started anew with nothing in it."""
    server = FakeServer()
    server.lists.extend([listing(5, item("a", 1, "first")), listing(9, item("a", version, "second"))])
    server.watches.append([BREAK])

    async def check(informer: Informer) -> None:
        seen = record(informer)
        await until(lambda: len(seen) == 3)
        assert seen == [(None, "a@1"), ("a@1", None), (None, f"a@{version}")]

    run(tmp_path, server, check)


def test_refused_lists_are_tried_again(tmp_path: Path) -> None:
    server = FakeServer()
    server.lists.extend([500, {"nonsense": True}, listing(5, item("a", 1))])

    async def check(informer: Informer) -> None:
        await informer.synced()
        assert len(informer) == 1

    run(tmp_path, server, check)


def test_a_server_that_refuses_connections_is_tried_again_and_again(tmp_path: Path) -> None:
    async def check() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused, and the port stays ours
            kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", f"http://127.0.0.1:{taken.getsockname()[1]}")
            async with KubeClient(kubeconfig) as api:
                informer = Informer(api, "/api/v1/pods")
                running = asyncio.create_task(informer.run())
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(informer.synced(), 0.4)
                assert not running.done()
                running.cancel()

    asyncio.run(check())


def test_a_callback_that_fails_keeps_neither_the_others_nor_the_watch_from_going_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server = FakeServer()
    server.lists.append(listing(5, item("a", 1)))
    server.watches.append([event("ADDED", item("b", 6))])

    async def check(informer: Informer) -> None:
        def broken(old: Document | None, new: Document | None) -> None:
            raise ValueError("a mistake of the subscriber")

        informer.subscribe(broken)
        seen = record(informer)
        await until(lambda: len(seen) == 2)

    run(tmp_path, server, check)
    out, err = capfd.readouterr()
    assert "a mistake of the subscriber" in out + err
    assert "Traceback" in out + err


def test_a_late_subscriber_is_told_what_is_there(tmp_path: Path) -> None:
    server = FakeServer()
    server.lists.append(listing(5, item("a", 1)))

    async def check(informer: Informer) -> None:
        await informer.synced()
        assert record(informer) == [(None, "a@1")]

    run(tmp_path, server, check)


def labels(document: Document) -> list[str]:
    return list(document["metadata"].get("labels", {}).values())


def unused(tmp_path: Path) -> Informer:
    """An informer that is fed by hand."""
    return Informer(KubeClient(write_kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:1")), "/x")


def test_an_index_follows_the_objects(tmp_path: Path) -> None:
    informer = unused(tmp_path)
    informer.observe(item("a", 1, labels={"x": "1"}))
    informer.add_index("label", labels)
    informer.observe(item("b", 2, labels={"x": "1", "y": "2"}))
    assert [tag(d) for d in informer.indexed("label", "1")] == ["a@1", "b@2"]
    informer.observe(item("a", 3, labels={"x": "2"}))
    assert [tag(d) for d in informer.indexed("label", "1")] == ["b@2"]
    assert [tag(d) for d in informer.indexed("label", "2")] == ["b@2", "a@3"]
    informer.observe_deleted(item("b", 2))
    assert informer.indexed("label", "1") == []


def test_an_answer_is_taken_in_once_and_never_turns_time_back(tmp_path: Path) -> None:
    informer = unused(tmp_path)
    seen = record(informer)
    informer.observe(item("a", 5))
    informer.observe(item("a", 4))
    informer.observe(item("a", 5))
    assert seen == [(None, "a@5")]


def test_an_answer_that_the_watch_has_overtaken_is_ignored(tmp_path: Path) -> None:
    """The object may have come and gone on the watch before the answer to its creation is read."""
    server = FakeServer()
    server.lists.append(listing(5))
    server.watches.append([event("ADDED", item("a", 6)), event("DELETED", item("a", 7))])

    async def check(informer: Informer) -> None:
        seen = record(informer)
        await until(lambda: len(seen) == 2)
        informer.observe(item("a", 6))
        assert len(informer) == 0

    run(tmp_path, server, check)


def test_only_the_same_object_is_dropped(tmp_path: Path) -> None:
    informer = unused(tmp_path)
    informer.observe(item("a", 5, "new"))
    informer.observe_deleted(item("a", 4, "old"))
    assert len(informer) == 1
