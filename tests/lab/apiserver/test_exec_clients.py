"""Clients of pods/exec, without a network."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from lab.apiserver.exec_clients import ERROR, STDOUT, SpdyClient, WebSocketClient
from lab.apiserver.protocol import ByteStream, Message
from lab.apiserver.spdy import (
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    Data,
    Frame,
    GoAway,
    RstStream,
    StreamHeaders,
    WindowUpdate,
    encode,
)
from tests.lab.apiserver.spdy_peer import SpdyPeer


class ScriptedConnection:
    """Reads the given chunks, then the end; keeps what is written."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = list(chunks)
        self.written = b""

    async def read(self) -> bytes:
        return self._chunks.pop(0) if self._chunks else b""

    async def write(self, data: bytes) -> None:
        self.written += data


def spdy_client(*chunks: bytes) -> tuple[SpdyClient, ScriptedConnection]:
    connection = ScriptedConnection(*chunks)
    return SpdyClient(cast("ByteStream", connection)), connection


def run(test: Callable[[], Awaitable[Any]]) -> Any:
    async def bounded() -> Any:
        async with asyncio.timeout(10):
            return await test()

    return asyncio.run(bounded())


async def collect(client: SpdyClient | WebSocketClient) -> list[bytes]:
    return [message async for message in client.messages()]


def without_windows(frames: list[Frame]) -> list[Frame]:
    return [frame for frame in frames if not isinstance(frame, WindowUpdate)]


def test_stdin_sent_before_all_streams_are_open_is_kept() -> None:
    peer = SpdyPeer()
    client, connection = spdy_client(
        peer.open(1, "stdin") + encode(Data(1, b"early")), peer.open(3, "error") + encode(Data(1, b"late", fin=True))
    )

    async def test() -> list[bytes]:
        await client.wait_open(frozenset({"error", "stdin"}))
        return await collect(client)

    assert run(test) == [b"\0early", b"\0late", b"\xff\0"]
    replies = without_windows(peer.read(connection.written))
    assert replies == [StreamHeaders(1, b""), StreamHeaders(3, b"")]


def test_streams_of_an_unknown_or_a_second_of_one_type_are_refused() -> None:
    peer = SpdyPeer()
    client, connection = spdy_client(peer.open(1, "error") + peer.open(3, "error") + peer.open(5, "data"))
    run(lambda: client.wait_open(frozenset({"error"})))
    refused = [RstStream(3, REFUSED_STREAM), RstStream(5, REFUSED_STREAM)]
    assert peer.read(connection.written) == [StreamHeaders(1, b""), *refused]


def test_a_client_that_leaves_before_its_streams_are_open_is_reported_as_gone() -> None:
    client, _ = spdy_client(SpdyPeer().open(1, "error"))
    with pytest.raises(ConnectionResetError):
        run(lambda: client.wait_open(frozenset({"error", "stdout"})))


def test_a_client_that_breaks_the_protocol_is_told_so_and_counts_as_gone() -> None:
    client, connection = spdy_client(b"GET / HTTP/1.1\r\n\r\n")
    assert run(lambda: collect(client)) == []
    assert SpdyPeer().read(connection.written) == [GoAway(0, PROTOCOL_ERROR)]


def test_only_stdin_and_resize_are_listened_to() -> None:
    peer = SpdyPeer()
    raw = peer.open(1, "stdout") + peer.open(3, "resize") + encode(Data(1, b"x")) + encode(Data(3, b"{}"))
    client, _ = spdy_client(raw)
    assert run(lambda: collect(client)) == [b"\x04{}"]


def test_messages_go_to_their_streams_and_those_not_asked_for_nowhere() -> None:
    peer = SpdyPeer()
    client, connection = spdy_client(peer.open(1, "error") + peer.open(3, "stdout"))

    async def test() -> None:
        await client.wait_open(frozenset({"error", "stdout"}))
        await client.send(bytes([STDOUT]) + b"out")
        await client.send(b"\x02err")
        await client.send(bytes([ERROR]) + b"{}")
        await client.close()

    run(test)
    assert peer.read(connection.written)[2:] == [
        Data(3, b"out"),
        Data(1, b"{}"),
        Data(1, b"", fin=True),
        Data(3, b"", fin=True),
        GoAway(3),
    ]


def test_a_websocket_client_may_send_text_or_bytes() -> None:
    script: list[Message] = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "\0né"},
        {"type": "websocket.receive", "bytes": b"\0\xff"},
        {"type": "websocket.receive", "bytes": b""},
        {"type": "websocket.disconnect", "code": 1000},
    ]

    async def receive() -> Message:
        return script.pop(0)

    async def send(message: Message) -> None:
        raise AssertionError(message)

    assert run(lambda: collect(WebSocketClient(receive, send))) == [b"\0n\xc3\xa9", b"\0\xff"]
