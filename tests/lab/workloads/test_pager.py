import asyncio
import json
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from lab.workloads.pager import Pager, application

Client = TestClient[web.Request, web.Application]


def notification(status: str = "firing", name: str = "LlmAvailabilityBudgetBurn") -> dict[str, Any]:
    alert = {"status": status, "labels": {"alertname": name, "severity": "page"}, "annotations": {}}
    return {"version": "4", "receiver": "ml-oncall", "status": status, "alerts": [alert]}


def pager(capacity: int = 10) -> tuple[Pager, CollectorRegistry]:
    registry = CollectorRegistry()
    ticks = count(100)
    return Pager(registry, clock=lambda: float(next(ticks)), capacity=capacity), registry


def receive(target: Pager, receiver: str = "ml-oncall", **changes: Any) -> None:
    target.receive(receiver, json.dumps(notification(**changes)).encode())


def test_a_notification_is_kept_with_the_time_of_its_arrival() -> None:
    target, _ = pager()
    receive(target)
    (page,) = target.pages()
    assert (page.id, page.received_at, page.receiver, page.status) == (1, 100.0, "ml-oncall", "firing")
    assert page.notification == notification()


def test_since_leaves_out_what_came_before() -> None:
    target, _ = pager()
    for status in ("firing", "resolved", "firing"):
        receive(target, status=status)
    assert [page.received_at for page in target.pages(since=100.0)] == [101.0, 102.0]


def test_the_oldest_make_room_and_are_counted() -> None:
    target, _ = pager(capacity=2)
    for _ in range(5):
        receive(target)
    assert [page.id for page in target.pages()] == [4, 5]
    assert target.forgotten == 3


def test_what_comes_all_the_time_drives_out_no_page_of_another_receiver() -> None:
    target, _ = pager(capacity=2)
    receive(target)
    for _ in range(5):
        receive(target, receiver="deadman")
    assert [(page.id, page.receiver) for page in target.pages()] == [(1, "ml-oncall"), (5, "deadman"), (6, "deadman")]
    assert target.forgotten == 3


def test_notifications_are_counted_by_receiver_and_status() -> None:
    target, registry = pager()
    receive(target)
    receive(target, status="resolved")
    receive(target, receiver="tickets")
    for receiver, status, wanted in (
        ("ml-oncall", "firing", 1),
        ("ml-oncall", "resolved", 1),
        ("tickets", "firing", 1),
    ):
        labels = {"receiver": receiver, "status": status}
        assert registry.get_sample_value("pager_notifications_total", labels) == wanted


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"status": "odd", "alerts": []}', b'{"status": "firing"}', b"[" * 100_000]
)
def test_what_is_no_notification_is_refused(body: bytes) -> None:
    target, _ = pager()
    with pytest.raises(ValueError, match=r"not JSON|must be"):
        target.receive("ml-oncall", body)
    assert target.pages() == []


def with_client(work: Callable[[Client], Awaitable[None]]) -> None:
    async def main() -> None:
        target, registry = pager()
        app = application(target, registry, structlog.stdlib.get_logger())
        async with TestClient(TestServer(app)) as client:
            await work(client)

    asyncio.run(main())


def test_pages_are_received_and_read_over_http() -> None:
    async def work(client: Client) -> None:
        assert (await client.post("/alerts/ml-oncall", json=notification())).status == 200
        assert (await client.post("/alerts/ml-oncall", data=b"{")).status == 400
        answer = await (await client.get("/pages", params={"since": "99.5"})).json()
        assert answer["forgotten"] == 0
        assert [page["notification"]["receiver"] for page in answer["pages"]] == ["ml-oncall"]
        assert (await (await client.get("/pages", params={"since": "100"})).json())["pages"] == []
        assert (await client.get("/pages", params={"since": "yesterday"})).status == 400
        assert "pager_notifications_total" in await (await client.get("/metrics")).text()

    with_client(work)


def test_a_broken_receiver_refuses_and_keeps_what_it_gets_and_no_other_does() -> None:
    async def work(client: Client) -> None:
        for status in (500, 200):
            assert (await client.put(f"/answers/ml-oncall?status={status}")).status == 200
            assert (await client.post("/alerts/ml-oncall", json=notification())).status == status
            assert (await client.post("/alerts/ml-tickets", json=notification())).status == 200
        pages = (await (await client.get("/pages")).json())["pages"]
        assert [page["answered"] for page in pages] == [500, 200, 200, 200]

    with_client(work)


@pytest.mark.parametrize("query", ["", "?status=", "?status=broken", "?status=99", "?status=600"])
def test_what_is_no_status_breaks_nothing(query: str) -> None:
    async def work(client: Client) -> None:
        assert (await client.put(f"/answers/ml-oncall{query}")).status == 400
        assert (await client.post("/alerts/ml-oncall", json=notification())).status == 200

    with_client(work)
