"""Two connections joined: bytes, back-pressure, half-closes and resets pass from each to the other."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import cast

RESET = struct.pack("ii", 1, 0)  # linger for no time: closing sends RST


def reset(transport: asyncio.Transport) -> None:
    """Close at once, so that the other side sees a reset and not an orderly end."""
    with contextlib.suppress(OSError):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    transport.abort()


class Side(asyncio.Protocol):
    """One of the two connections; `peer` is the other, once there is one."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.peer: Side | None = None
        self.ended = False
        """Whether this side has said that it will send no more."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        with contextlib.suppress(OSError):  # streamed tokens are small and must not wait for each other
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.write(data)

    def eof_received(self) -> bool:
        self.ended = True
        if self.peer is not None and self.peer.transport is not None and not self.peer.transport.is_closing():
            self.peer.transport.write_eof()
            if self.peer.ended:
                self.peer.transport.close()
                return False
        return True  # the other direction goes on

    def pause_writing(self) -> None:
        if self.peer is not None:
            self.peer.pause_reading()

    def resume_writing(self) -> None:
        if self.peer is not None:
            self.peer.resume_reading()

    def pause_reading(self) -> None:
        if self.transport is not None and not self.ended:
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if self.transport is not None and not self.ended:
            self.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        peer, self.transport = self.peer, None
        if peer is not None and peer.transport is not None:
            if error is None:
                peer.transport.close()
            else:
                reset(peer.transport)


class Backend(Side):
    """The connection to an endpoint; `on_close` is called when it ends."""

    def __init__(self, on_close: Callable[[], None]) -> None:
        super().__init__()
        self._on_close = on_close

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.pause_reading()  # until there is somebody to pass it to

    def connection_lost(self, error: Exception | None) -> None:
        self._on_close()
        super().connection_lost(error)


class Client(Side):
    """A connection from a client: `connect` finds it an endpoint, or it is reset."""

    def __init__(self, connect: Callable[[], Awaitable[Backend | None]]) -> None:
        super().__init__()
        self._connect = connect
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.pause_reading()
        self._connecting = asyncio.create_task(self._join())

    async def _join(self) -> None:
        backend = await self._connect()
        if self.transport is None or self.transport.is_closing():
            if backend is not None and backend.transport is not None:
                reset(backend.transport)
        elif backend is None or backend.transport is None:
            reset(self.transport)
        else:
            self.peer, backend.peer = backend, self
            self.resume_reading()
            backend.resume_reading()
