import json
from itertools import count
from typing import Any

import pytest

from runner.sink.book import Book, FullError, NoNotificationError, read_kept


def body(receiver: str = "oncall", status: str = "firing", **more: Any) -> bytes:
    alerts = [{"status": status, "labels": {"alertname": "Burn"}}]
    return json.dumps({"receiver": receiver, "status": status, "alerts": alerts, **more}).encode()


def book(**limits: int) -> Book:
    ticks = count(100)
    return Book(lambda: float(next(ticks)), **limits)


def test_a_notification_is_kept_with_its_time_and_its_receiver() -> None:
    kept = book().receive(body("oncall"))
    assert (kept.id, kept.received_at, kept.receiver, kept.status) == (1, 100.0, "oncall", "firing")
    document = json.loads(kept.line)
    assert document["notification"] == json.loads(body("oncall"))
    assert read_kept(kept.line) == kept


def test_the_address_tells_the_receiver_where_it_does() -> None:
    assert book().receive(body("oncall"), "another").receiver == "another"


def test_since_leaves_out_what_came_before() -> None:
    target = book()
    for name in ("a", "b", "a"):
        target.receive(body(name))
    assert [(kept.id, kept.receiver) for kept in target.since(100.0)] == [(2, "b"), (3, "a")]


def test_what_comes_all_the_time_drives_out_nobody_else() -> None:
    target = book(most_per_receiver=2)
    target.receive(body("oncall"))
    for _ in range(5):
        target.receive(body("deadman"))
    assert [(kept.id, kept.receiver) for kept in target.since(0)] == [(1, "oncall"), (5, "deadman"), (6, "deadman")]
    assert target.forgotten == 3


def test_memory_is_bounded_and_whoever_has_most_gives_way() -> None:
    target = book(most_bytes=2000)
    target.receive(body("oncall"))
    for _ in range(20):
        target.receive(body("deadman", padding="x" * 200))
    found = target.since(0)
    assert found[0].receiver == "oncall"
    assert sum(len(kept.notification) for kept in found) <= 2000
    assert len(found) + target.forgotten == 21
    target.receive(body("huge", padding="x" * 5000))
    assert "huge" not in {kept.receiver for kept in target.since(0)}


def test_there_are_so_many_receivers_and_no_more() -> None:
    target = book(most_receivers=2)
    for name in ("a", "b", "a"):
        target.receive(body(name))
    with pytest.raises(FullError):
        target.receive(body("c"))


@pytest.mark.parametrize(
    "sent",
    [
        b"{",
        b"[]",
        b"[" * 100_000,
        b'{"status": "firing"}',
        b'{"status": "odd", "alerts": []}',
        b'{"status": "firing", "alerts": [1]}',
        b'{"status": "firing", "alerts": [{"labels": {}}], "receiver": "a"}',
        b'{"status": "firing", "alerts": []}',
        body("\ud800"),
        body("two\nlines"),
        body("x" * 201),
        body(alerts=[{"status": "firing", "labels": {}, "startsAt": "yesterday"}]),
        body(alerts=[{"status": "firing", "labels": {}, "endsAt": 5}]),
    ],
)
def test_what_is_no_notification_is_refused_and_not_kept(sent: bytes) -> None:
    target = book()
    with pytest.raises(NoNotificationError):
        target.receive(sent)
    assert target.since(0) == []
