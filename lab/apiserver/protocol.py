"""HTTP on uvicorn, and the upgrade to SPDY/3.1 that kubectl asks for and uvicorn does not know.

A request with `Upgrade: SPDY/3.1` goes to the application like any other, which authenticates, routes and refuses it
in plain HTTP. Its scope carries an extension with which the application takes the connection over instead.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SPDY_EXTENSION = "mlchaos.spdy"
"""Key in scope["extensions"]; its value is {"accept": Accept}."""

READ_SIZE = 64 * 1024


class ByteStream:
    """The bytes of a connection that was taken over from HTTP."""

    def __init__(self, transport: asyncio.Transport, flow: FlowControl) -> None:
        self._transport = transport
        self._flow = flow
        self._reader = asyncio.StreamReader(limit=READ_SIZE)
        self._reader.set_transport(transport)  # so that it holds the client back while nobody reads

    async def read(self) -> bytes:
        """Some bytes, at least one; none at the end of the connection."""
        return await self._reader.read(READ_SIZE)

    async def write(self, data: bytes) -> None:
        """Send `data`, waiting while too much is under way; ConnectionResetError when the client has gone."""
        await self._flow.drain()
        if self._transport.is_closing():
            raise ConnectionResetError("the client has gone")
        self._transport.write(data)

    def close(self) -> None:
        """Close the connection once what was written is sent."""
        self._transport.close()

    def feed(self, data: bytes) -> None:
        """Bytes that arrived (for the protocol that owns the transport)."""
        self._reader.feed_data(data)

    def feed_end(self) -> None:
        """The connection is lost (for the protocol that owns the transport)."""
        self._reader.feed_eof()


Accept = Callable[[list[tuple[bytes, bytes]]], ByteStream]
"""Answer 101 with these headers and take the connection over. To be called once, instead of sending a response."""


class StreamingHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 protocol with the upgrade to SPDY/3.1."""

    _taken_over: ByteStream | None = None

    def on_headers_complete(self) -> None:
        if self._asks_for_spdy():
            # An extension of our own: the ASGI standard has none for this.
            self.scope["extensions"] = {SPDY_EXTENSION: {"accept": self._accept}}
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        if self._taken_over is None:
            super().data_received(data)
        else:
            self._taken_over.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._taken_over is not None:
            self._taken_over.feed_end()

    def _asks_for_spdy(self) -> bool:
        return self._get_upgrade() == b"spdy/3.1"

    def _unsupported_upgrade_warning(self) -> None:
        if not self._asks_for_spdy():
            super()._unsupported_upgrade_warning()

    def _accept(self, headers: list[tuple[bytes, bytes]]) -> ByteStream:
        lines = [b"Connection: Upgrade", b"Upgrade: SPDY/3.1", *(name + b": " + value for name, value in headers)]
        self.transport.write(b"HTTP/1.1 101 Switching Protocols\r\n" + b"\r\n".join(lines) + b"\r\n\r\n")
        # For uvicorn the response is complete: it then neither waits for one nor keeps the server from ending.
        self.cycle.response_started = self.cycle.response_complete = True
        self._taken_over = ByteStream(self.transport, self.flow)
        return self._taken_over


class StreamingWebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, to which an upgrade refused in plain HTTP is no failure of the application."""

    async def send(self, message: Message) -> None:  # type: ignore[override]
        await super().send(message)  # type: ignore[arg-type]
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True


UVICORN_OPTIONS: dict[str, Any] = {
    "ws": StreamingWebSocketProtocol,
    "ws_ping_interval": None,
    "ws_per_message_deflate": False,
}
"""Arguments of uvicorn.Config for streaming, beside http=StreamingHttpProtocol.

No pings: the Python client answers them only while it reads, and would be cut off while it waits for something else.
"""
