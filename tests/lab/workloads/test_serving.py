import asyncio
import logging
import os
import signal

import pytest
from aiohttp import ClientError, ClientSession, web

from lab.workloads.serving import Listener, listening, until_stopped


async def forever() -> None:
    await asyncio.Event().wait()


def ask_to_stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_sigterm_ends_the_background_work() -> None:
    ended = []

    async def background() -> None:
        try:
            ask_to_stop()
            await forever()
        finally:
            ended.append(True)

    asyncio.run(until_stopped(background()))
    assert ended == [True]


def test_work_that_loses_its_first_cancellation_is_cancelled_again() -> None:
    lost = 0

    async def stubborn() -> None:
        nonlocal lost
        ask_to_stop()
        while True:
            try:
                await forever()
            except asyncio.CancelledError:
                lost += 1
                if lost > 1:
                    raise

    asyncio.run(until_stopped(stubborn()))
    assert lost == 2


def test_background_work_that_fails_ends_the_program_with_its_error() -> None:
    async def broken() -> None:
        raise RuntimeError("the engine is gone")

    with pytest.raises(RuntimeError, match="the engine is gone"):
        asyncio.run(until_stopped(forever(), broken()))


def test_background_work_that_is_done_lets_the_rest_go_on() -> None:
    went_on = []

    async def brief() -> None:
        pass

    async def lasting() -> None:
        for _ in range(20):  # brief ends in the first of them
            await asyncio.sleep(0)
        went_on.append(True)
        ask_to_stop()
        await forever()

    asyncio.run(until_stopped(brief(), lasting()))
    assert went_on == [True]


def test_requests_under_way_may_finish_and_then_are_cut_off(lab_octet: int) -> None:
    ip = f"127.{lab_octet}.16.1"

    async def main() -> list[object]:
        stopping, under_way = asyncio.Event(), asyncio.Semaphore(0)

        async def quick(_: web.Request) -> web.Response:
            under_way.release()
            await stopping.wait()
            return web.Response(text="done")

        async def slow(_: web.Request) -> web.Response:
            under_way.release()
            await forever()
            raise AssertionError

        app = web.Application()
        app.add_routes([web.get("/quick", quick), web.get("/slow", slow)])
        async with ClientSession() as session:

            async def ask(path: str) -> str:
                async with session.get(f"http://{ip}:8080{path}") as response:
                    return await response.text()

            async with listening([Listener(app, ip, 8080)], drain_seconds=1.0):
                asked = [asyncio.create_task(ask(path)) for path in ("/quick", "/slow")]
                for _ in asked:
                    await under_way.acquire()
                stopping.set()
            return await asyncio.gather(*asked, return_exceptions=True)

    quick, slow = asyncio.run(main())
    assert quick == "done"
    assert isinstance(slow, Exception)


@pytest.mark.parametrize(("leaves", "told"), [(True, "client left"), (False, "Error handling request")])
def test_a_client_that_leaves_is_one_line_and_an_error_of_ours_is_still_an_error(
    lab_octet: int, caplog: pytest.LogCaptureFixture, leaves: bool, told: str
) -> None:
    ip = f"127.{lab_octet}.16.1"
    caplog.set_level(logging.INFO)

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"some")
        if not leaves:
            raise ConnectionResetError("a server of ours hung up")
        assert request.transport is not None
        request.transport.abort()
        await response.write(b"more")
        raise AssertionError

    async def main() -> None:
        app = web.Application()
        app.add_routes([web.get("/", answer)])
        async with listening([Listener(app, ip, 8080)], drain_seconds=1.0), ClientSession() as session:
            with pytest.raises(ClientError):
                async with session.get(f"http://{ip}:8080/") as response:
                    await response.read()

    asyncio.run(main())
    (record,) = (r for r in caplog.records if r.levelno >= logging.INFO)
    assert told in record.getMessage()
    assert bool(record.exc_info) is not leaves
