"""The life of a workload: read settings, listen, work until SIGTERM, drain, end."""

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from lab import logs
from lab.logs import structlog
from lab.workloads.settings import SettingError, Settings

Logger = structlog.stdlib.BoundLogger
BAD_SETTING = 2  # exit code
CLIENT_CLOSED_REQUEST = 499  # nginx's number for a client that hung up before its answer was complete
_CANCEL_AGAIN_SECONDS = 0.1
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listener:
    """An application and the address that it answers on. A connection that is idle for `idle_seconds` is closed."""

    app: web.Application
    host: str
    port: int
    ssl_context: SSLContext | None = None
    idle_seconds: float = 3630.0


def run_program(component: str, program: Callable[[Settings, Logger], Coroutine[Any, Any, None]]) -> None:
    """Run a workload's coroutine to its end; a setting that cannot be used is one log line and exit code 2."""
    logger = logs.configure(component)
    try:
        asyncio.run(program(Settings(), logger))
    except SettingError as error:
        logger.critical("cannot start", reason=str(error))
        sys.exit(BAD_SETTING)


def client_left(request: web.Request) -> bool:
    """Whether the connection that a request came on is gone, or about to go."""
    return request.transport is None or request.transport.is_closing()


@web.middleware
async def departures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Say in one line that a client left in the middle of its answer: aiohttp would tell it as an error of the handler.

    Most departures cancel the handler and are not seen here; this is one that the handler came upon while writing.
    """
    try:
        return await handler(request)
    except ConnectionError:
        if not client_left(request):
            raise
        _log.info("client left before its answer was complete: %s %s", request.method, request.path)
        return web.Response(status=CLIENT_CLOSED_REQUEST)  # to nobody


@asynccontextmanager
async def listening(listeners: Sequence[Listener], *, drain_seconds: float) -> AsyncIterator[None]:
    """Listen until the block ends, then refuse new connections and give requests `drain_seconds` to finish."""
    runners: list[web.AppRunner] = []
    try:
        for listener in listeners:
            listener.app.middlewares.insert(0, departures)
            # A client that hangs up cancels its handler: work for nobody must not go on.
            # aiohttp applies the timeout twice, to wait for handlers and then to wait for their cancellation.
            runner = web.AppRunner(
                listener.app,
                access_log=None,
                handler_cancellation=True,
                keepalive_timeout=listener.idle_seconds,
                shutdown_timeout=drain_seconds / 2,
            )
            runners.append(runner)
            await runner.setup()
            await web.TCPSite(runner, listener.host, listener.port, ssl_context=listener.ssl_context).start()
        yield
    finally:
        for runner in runners:
            await runner.cleanup()


async def until_stopped(*background: Coroutine[Any, Any, None]) -> None:
    """Run the background coroutines until SIGTERM or SIGINT; the failure of one of them ends all and is raised.

    A coroutine that returns has done its work, and the others go on.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    stopping: asyncio.Task[Any] = asyncio.create_task(stop.wait())
    tasks = {stopping, *(asyncio.create_task(coroutine) for coroutine in background)}
    pending = tasks
    try:
        while stopping in pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        await _cancelled(tasks)


async def _cancelled(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel tasks until they have ended; their results and failures are read so that nobody complains about them."""
    pending = set(tasks)
    while pending:
        # More than once: a library whose clean-up fails can put its own exception in the place of the cancellation.
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_CANCEL_AGAIN_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)
