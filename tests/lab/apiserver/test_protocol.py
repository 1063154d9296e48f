"""The upgrade of an HTTP connection to SPDY/3.1, on a transport that only remembers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from lab.apiserver.protocol import (
    SPDY_EXTENSION,
    UVICORN_OPTIONS,
    ByteStream,
    Receive,
    Scope,
    Send,
    StreamingHttpProtocol,
)

UPGRADE = (
    b"POST /api/v1/namespaces/n/pods/p/exec?command=x HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n"
    b"Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n"
)
PLAIN = b"GET /version HTTP/1.1\r\nHost: h\r\n\r\n"

App = Callable[[Scope, Receive, Send], Awaitable[None]]


class MemoryTransport(asyncio.Transport):
    """Remembers what is written and whether it is open."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written = b""
        self.closed = False
        self.reading = True

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """The WebSocket protocol takes over; these tests hand it nothing further."""

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Connection:
    """A connection to a server of `app`."""

    def __init__(self, app: App) -> None:
        self.state = ServerState()
        config = Config(app, lifespan="off", log_config=None, **UVICORN_OPTIONS)
        config.load()
        self.protocol = StreamingHttpProtocol(config, self.state, {})
        self.transport = MemoryTransport()
        self.protocol.connection_made(self.transport)

    async def finish(self) -> None:
        """Wait for the application."""
        await asyncio.gather(*self.state.tasks)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(10):
            await test()

    asyncio.run(bounded())


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    assert (scope["method"], scope["path"]) == ("POST", "/api/v1/namespaces/n/pods/p/exec")
    await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"no"})


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    stream: ByteStream = scope["extensions"][SPDY_EXTENSION]["accept"]([(b"X-Thing", b"y")])
    while data := await stream.read():
        await stream.write(data.upper())
    stream.close()


def test_an_application_may_refuse_in_plain_http(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        connection = Connection(refuse)
        connection.protocol.data_received(UPGRADE)
        await connection.finish()
        head, body = connection.transport.written.split(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
        assert body == b"no"

    run(test)
    assert "upgrade" not in caplog.text.lower()


def test_an_accepted_upgrade_answers_101_and_hands_over_the_bytes() -> None:
    async def test() -> None:
        connection = Connection(echo)
        connection.protocol.data_received(UPGRADE)
        await asyncio.sleep(0)
        assert connection.transport.written == (
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Thing: y\r\n\r\n"
        )
        connection.transport.written = b""
        connection.protocol.data_received(b"GET / is not parsed any more ")
        connection.protocol.data_received(b"abc")
        connection.protocol.connection_lost(ConnectionResetError())
        await connection.finish()
        assert connection.transport.written == b"GET / IS NOT PARSED ANY MORE ABC"
        assert connection.transport.closed

    run(test)


def test_a_server_that_shuts_down_hangs_up_on_streams_at_once() -> None:
    async def test() -> None:
        connection = Connection(echo)
        connection.protocol.data_received(UPGRADE)
        await asyncio.sleep(0)
        connection.protocol.shutdown()
        assert connection.transport.closed
        connection.protocol.connection_lost(None)
        await connection.finish()

    run(test)


def test_a_client_is_held_back_while_nobody_reads() -> None:
    streams: list[ByteStream] = []

    async def take_over(scope: Scope, receive: Receive, send: Send) -> None:
        streams.append(scope["extensions"][SPDY_EXTENSION]["accept"]([]))

    async def test() -> None:
        connection = Connection(take_over)
        connection.protocol.data_received(UPGRADE)
        await connection.finish()
        connection.protocol.data_received(b"x" * 200_000)
        assert not connection.transport.reading
        received = 0
        while received < 200_000:
            received += len(await streams[0].read())
        assert connection.transport.reading

    run(test)


def test_a_writer_waits_while_too_much_is_under_way_and_hears_that_the_client_has_gone() -> None:
    async def write(scope: Scope, receive: Receive, send: Send) -> None:
        stream: ByteStream = scope["extensions"][SPDY_EXTENSION]["accept"]([])
        await stream.write(b"first")
        with pytest.raises(ConnectionResetError):
            await stream.write(b"second")

    async def test() -> None:
        connection = Connection(write)
        connection.protocol.data_received(UPGRADE)
        connection.protocol.pause_writing()
        await asyncio.sleep(0)
        assert b"first" not in connection.transport.written
        connection.protocol.resume_writing()
        connection.transport.closed = False
        await asyncio.sleep(0)
        connection.transport.close()
        await connection.finish()

    run(test)


def test_a_refused_websocket_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    async def refuse_websocket(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.http.response.start", "status": 404, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b"gone"})

    async def test() -> None:
        connection = Connection(refuse_websocket)
        connection.protocol.data_received(
            b"GET /x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await connection.finish()
        head, body = connection.transport.written.split(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 404 Not Found")
        assert body == b"gone"

    run(test)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_plain_request_has_no_extension() -> None:
    async def plain(scope: Scope, receive: Receive, send: Send) -> None:
        assert SPDY_EXTENSION not in (scope.get("extensions") or {})
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async def test() -> None:
        connection = Connection(plain)
        connection.protocol.data_received(PLAIN)
        await connection.finish()
        assert connection.transport.written.startswith(b"HTTP/1.1 200 OK")

    run(test)
