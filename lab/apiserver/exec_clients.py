"""The two kinds of clients of pods/exec, behind one interface.

Both speak in messages of Kubernetes' v5.channel.k8s.io: a byte that names the channel and then its bytes; the byte
CLOSE and the number of a channel say that the channel has ended.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Protocol

from lab.apiserver.protocol import ByteStream, Receive, Send
from lab.apiserver.spdy import REFUSED_STREAM, SpdyError
from lab.apiserver.spdy_session import Ended, Event, Left, Opened, Received, SpdySession, farewell

STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
CHANNELS = {"stdin": STDIN, "stdout": STDOUT, "stderr": STDERR, "error": ERROR, "resize": RESIZE}

_log = logging.getLogger(__name__)

OPEN_TIMEOUT = 30.0
"""Seconds a SPDY client has for opening its streams."""
LINGER = 5.0
"""Seconds a client has for hanging up after the end: whoever hangs up first on bytes unread may destroy those sent."""


class ExecClient(Protocol):
    """Whoever asked for the exec."""

    def messages(self) -> AsyncIterator[bytes]:
        """The client's messages until it goes away."""

    async def send(self, message: bytes) -> None:
        """Send a message; OSError when the client has gone."""

    async def close(self) -> None:
        """Say that everything was said, and hang up."""


class WebSocketClient:
    """A client on an accepted ASGI WebSocket."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send

    async def messages(self) -> AsyncIterator[bytes]:
        """The client's messages; the Python client sends text, the others bytes."""
        while (message := await self._receive())["type"] != "websocket.disconnect":
            if data := message.get("bytes") or (message.get("text") or "").encode():
                yield data

    async def send(self, message: bytes) -> None:
        """Send one message."""
        await self._send({"type": "websocket.send", "bytes": message})

    async def close(self) -> None:
        """Close with "normal closure"."""
        await self._send({"type": "websocket.close", "code": 1000})


class SpdyClient:
    """A client on a SPDY/3.1 connection, with a stream for each channel."""

    def __init__(self, connection: ByteStream) -> None:
        self._connection = connection
        self._session = SpdySession()
        self._streams: dict[int, int] = {}  # channel -> stream
        self._early: deque[bytes] = deque()  # messages that came before all streams were open

    async def wait_open(self, stream_types: frozenset[str]) -> None:
        """Wait until the client has opened its streams; OSError (TimeoutError included) when it does not."""
        expected = {CHANNELS[name] for name in stream_types}
        async with asyncio.timeout(OPEN_TIMEOUT):
            while not expected <= self._streams.keys():
                messages = await self._read()
                if messages is None:
                    raise ConnectionResetError("the client has gone before it opened its streams")
                self._early += messages

    async def messages(self) -> AsyncIterator[bytes]:
        """The client's messages until it goes away."""
        batch: list[bytes] | None = list(self._early)
        while batch is not None:
            for message in batch:
                yield message
            batch = await self._read()

    async def send(self, message: bytes) -> None:
        """Send a message on its channel's stream, or drop it where the client asked for none."""
        if (stream_id := self._streams.get(message[0])) is not None:
            self._session.send(stream_id, message[1:])
            await self._flush()

    async def close(self) -> None:
        """End the streams, and hang up when the client has or after LINGER."""
        for stream_id in self._streams.values():
            self._session.finish(stream_id)
        self._session.go_away()
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                await self._flush()
                while await self._connection.read():
                    pass

    async def _read(self) -> list[bytes] | None:
        """The messages in the next bytes; None when the client has gone."""
        if not (data := await self._connection.read()):
            return None
        try:
            events = self._session.receive(data)
        except SpdyError as error:
            _log.warning("hanging up on a SPDY client that breaks the protocol: %s", error)
            await self._connection.write(farewell(self._session))
            return None
        if any(isinstance(event, Left) for event in events):
            return None
        messages = [message for event in events if (message := self._message(event))]
        await self._flush()
        return messages

    def _message(self, event: Event) -> bytes | None:
        if isinstance(event, Opened):
            self._open(event)
        elif isinstance(event, Received | Ended):
            channel = next((key for key, stream_id in self._streams.items() if stream_id == event.stream_id), None)
            if channel in {STDIN, RESIZE}:
                return bytes([channel]) + event.data if isinstance(event, Received) else bytes([CLOSE, channel])
        return None

    def _open(self, stream: Opened) -> None:
        channel = CHANNELS.get(stream.headers.get("streamtype", ""))
        if channel is None or channel in self._streams:
            self._session.reset(stream.stream_id, REFUSED_STREAM)
        else:
            self._streams[channel] = stream.stream_id
            self._session.reply(stream.stream_id)

    async def _flush(self) -> None:
        if output := self._session.take_output():
            await self._connection.write(output)
