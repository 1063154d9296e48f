"""What the supervisor learns from the servers that it asks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from lab.probe import reload_rules


@asynccontextmanager
async def prometheus(host: str, status: int, text: str) -> AsyncIterator[str]:
    """A server that answers a reload so; its URL."""

    async def reload(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=text)

    app = web.Application()
    app.add_routes([web.post("/-/reload", reload)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, 9090).start()
        yield f"http://{host}:9090"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        (200, "", ""),
        (
            500,
            "failed to reload config: slos.yml: bad\n",
            "Prometheus does not take them: failed to reload config: slos.yml: bad",
        ),
    ],
)
def test_a_reload_that_fails_says_why(lab_octet: int, status: int, text: str, expected: str) -> None:
    async def ask() -> str:
        async with prometheus(f"127.{lab_octet}.0.1", status, text) as url:
            return await reload_rules(url)

    assert asyncio.run(ask()) == expected


def test_a_prometheus_that_is_not_there_is_said(lab_octet: int) -> None:
    assert asyncio.run(reload_rules(f"http://127.{lab_octet}.0.1:9090")).startswith("Prometheus does not answer: ")
