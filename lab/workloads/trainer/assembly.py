"""Building a ring: each rank connects to its right neighbour and admits its left one, both of the same epoch."""

import select
import socket
import struct
import time
from collections.abc import Callable, Sequence

from lab.workloads.trainer.allreduce import POLL_SECONDS, Ring, RingBrokenError, StoppedError, never

Address = tuple[str, int]

HELLO_SECONDS = 1.0

_HELLO = struct.Struct("!8sII")  # magic, epoch, rank
_MAGIC = b"RINGJOIN"


def listen(host: str) -> socket.socket:
    """A listener for this rank's left neighbour, on a free port of `host`; it lives as long as the process."""
    listener = socket.create_server((host, 0), backlog=8)
    listener.setblocking(False)
    return listener


class Assembly:
    """The place of one rank in a ring to be built: who it is, where the others listen, how long they may take."""

    def __init__(
        self,
        rank: int,
        epoch: int,
        addresses: Sequence[Address],
        listener: socket.socket,
        *,
        assembly_timeout: float,
        step_timeout: float,
        stopped: Callable[[], bool] = never,
        abandoned: Callable[[], bool] = never,
    ) -> None:
        self._rank = rank
        self._epoch = epoch
        self._addresses = addresses
        self._listener = listener
        self._deadline = time.monotonic() + assembly_timeout
        self._step_timeout = step_timeout
        self._stopped = stopped
        self._abandoned = abandoned

    def build(self) -> Ring:
        """The ring, once both neighbours are there.

        Raises RingBrokenError when they do not come in time, or when `abandoned` says that one never will.
        """
        world_size = len(self._addresses)
        neighbours = None if world_size == 1 else self._meet_neighbours(world_size)
        return Ring(self._rank, world_size, self._epoch, neighbours, self._step_timeout, self._stopped)

    def _meet_neighbours(self, world_size: int) -> tuple[socket.socket, socket.socket]:
        right_rank = (self._rank + 1) % world_size
        try:
            right = socket.create_connection(self._addresses[right_rank], timeout=self._step_timeout)
        except OSError as error:
            raise RingBrokenError("peer_lost", f"rank {right_rank} cannot be reached: {error}") from error
        try:
            right.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            right.sendall(_hello(self._epoch, self._rank))
            return self._admit_left((self._rank - 1) % world_size, right), right
        except OSError as error:
            right.close()
            raise RingBrokenError("peer_lost", f"rank {right_rank} is gone: {error}") from error
        except BaseException:
            right.close()
            raise

    def _admit_left(self, left_rank: int, right: socket.socket) -> socket.socket:
        """Accept connections until one says that it is `left_rank` of this epoch; others are closed."""
        while True:
            if self._stopped():
                raise StoppedError
            if self._abandoned():
                raise RingBrokenError("peer_lost", "a rank came back to the rendezvous while the ring was built")
            remaining = self._deadline - time.monotonic()
            if remaining <= 0:
                raise RingBrokenError("timeout", f"rank {left_rank} did not come into the ring of epoch {self._epoch}")
            readable, _, _ = select.select([self._listener, right], [], [], min(remaining, POLL_SECONDS))
            if right in readable:  # it has nothing to say here: this is its end
                raise RingBrokenError("peer_lost", "the right neighbour left while the ring was built")
            if readable and (left := self._greet(left_rank)) is not None:
                return left

    def _greet(self, left_rank: int) -> socket.socket | None:
        try:
            connection, _ = self._listener.accept()
        except OSError:  # it went away between select and accept
            return None
        connection.settimeout(HELLO_SECONDS)
        try:
            if _read_hello(connection) == (self._epoch, left_rank):
                return connection
        except (OSError, ValueError):
            pass
        connection.close()
        return None


def _hello(epoch: int, rank: int) -> bytes:
    return _HELLO.pack(_MAGIC, epoch, rank)


def _read_hello(connection: socket.socket) -> tuple[int, int]:
    """Epoch and rank of who connects; ValueError when it is no hello, OSError when it says nothing."""
    received = b""
    while len(received) < _HELLO.size:
        part = connection.recv(_HELLO.size - len(received))
        if not part:
            raise ValueError("closed before its hello")
        received += part
    magic, epoch, rank = _HELLO.unpack(received)
    if magic != _MAGIC:
        raise ValueError("not a hello")
    return epoch, rank
