import asyncio
import os
import signal

import pytest
from aiohttp import ClientSession, web

from lab.workloads.serving import Listener, listening, until_stopped


async def forever() -> None:
    await asyncio.Event().wait()


def test_sigterm_ends_the_background_work() -> None:
    ended = []

    async def background() -> None:
        try:
            await forever()
        finally:
            ended.append(True)

    async def main() -> None:
        asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGTERM)
        await until_stopped(background())

    asyncio.run(main())
    assert ended == [True]


def test_work_that_loses_its_first_cancellation_is_cancelled_again() -> None:
    lost = 0

    async def stubborn() -> None:
        nonlocal lost
        while True:
            try:
                await forever()
            except asyncio.CancelledError:
                lost += 1
                if lost > 1:
                    raise

    async def main() -> None:
        asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(10):
            await until_stopped(stubborn())

    asyncio.run(main())
    assert lost == 2


def test_background_work_that_fails_ends_the_program_with_its_error() -> None:
    async def broken() -> None:
        raise RuntimeError("the engine is gone")

    with pytest.raises(RuntimeError, match="the engine is gone"):
        asyncio.run(until_stopped(forever(), broken()))


def test_background_work_that_is_done_lets_the_rest_go_on() -> None:
    async def brief() -> None:
        pass

    async def main() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        loop.call_later(0.2, os.kill, os.getpid(), signal.SIGTERM)
        await until_stopped(brief(), forever())
        return loop.time() - began

    assert asyncio.run(main()) >= 0.2


def test_requests_under_way_may_finish_and_then_are_cut_off(lab_octet: int) -> None:
    ip = f"127.{lab_octet}.16.1"

    async def handler(request: web.Request) -> web.Response:
        await asyncio.sleep(float(request.query["seconds"]))
        return web.Response(text="done")

    async def main() -> list[object]:
        app = web.Application()
        app.router.add_get("/", handler)
        async with ClientSession() as session:

            async def ask(seconds: float) -> str:
                async with session.get(f"http://{ip}:8080/", params={"seconds": seconds}) as response:
                    return await response.text()

            async with listening([Listener(app, ip, 8080)], drain_seconds=2.0):
                asked = [asyncio.create_task(ask(seconds)) for seconds in (0.2, 60.0)]
                await asyncio.sleep(0.1)
            return await asyncio.gather(*asked, return_exceptions=True)

    quick, slow = asyncio.run(main())
    assert quick == "done"
    assert isinstance(slow, Exception)
