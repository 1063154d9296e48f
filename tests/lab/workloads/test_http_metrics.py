import asyncio

import pytest
from aiohttp import ClientError, web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry, generate_latest

from lab.workloads.http_metrics import HttpMetrics, instrument, metrics_handler, new_registry, status_group


def test_statuses_are_grouped_by_their_first_digit() -> None:
    assert [status_group(status) for status in (200, 204, 301, 404, 499, 502)] == [
        "2xx", "2xx", "3xx", "4xx", "4xx", "5xx",
    ]  # fmt: skip


def test_an_expected_handler_has_its_series_before_the_first_request() -> None:
    registry = CollectorRegistry()
    HttpMetrics(registry).expect("/v1/x", "POST")
    for group in ("2xx", "4xx", "5xx"):
        labels = {"handler": "/v1/x", "method": "POST", "status": group}
        assert registry.get_sample_value("http_requests_total", labels) == 0


def test_the_middleware_counts_answers_errors_and_unknown_paths_but_not_what_is_excluded() -> None:
    registry = CollectorRegistry()

    async def fine(_request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def broken(_request: web.Request) -> web.Response:
        raise RuntimeError("a bug")

    async def main() -> None:
        app = web.Application(middlewares=[instrument(HttpMetrics(registry), exclude=frozenset({"/metrics"}))])
        app.add_routes(
            [
                web.get("/things/{name}", fine),
                web.get("/broken", broken),
                web.get("/metrics", metrics_handler(registry, lambda: "extra 1\n")),
            ]
        )
        async with TestClient(TestServer(app)) as client:
            for path in ("/things/a", "/things/b", "/broken", "/nowhere/1", "/nowhere/2"):
                await client.get(path)
            text = await (await client.get("/metrics")).text()
            assert text.endswith("extra 1\n")

    asyncio.run(main())

    def count(handler: str, status: str) -> float | None:
        return registry.get_sample_value("http_requests_total", {"handler": handler, "method": "GET", "status": status})

    assert count("/things/{name}", "2xx") == 2
    assert count("/broken", "5xx") == 1
    assert count("none", "4xx") == 2
    assert count("/metrics", "2xx") is None


def test_a_registry_tells_memory_and_start_time_but_no_created_series() -> None:
    registry = new_registry()
    HttpMetrics(registry).record("/x", "GET", 200, 0.1)
    text = generate_latest(registry).decode()
    assert "process_resident_memory_bytes" in text
    assert "_created" not in text


def test_a_client_that_leaves_while_its_answer_is_written_is_not_a_server_error() -> None:
    registry = CollectorRegistry()

    async def left(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        raise ConnectionResetError

    async def main() -> None:
        app = web.Application(middlewares=[instrument(HttpMetrics(registry), exclude=frozenset())])
        app.add_routes([web.get("/", left)])
        async with TestClient(TestServer(app)) as client:
            with pytest.raises(ClientError):
                await client.get("/")

    asyncio.run(main())
    labels = {"handler": "/", "method": "GET", "status": "4xx"}
    assert registry.get_sample_value("http_requests_total", labels) == 1
