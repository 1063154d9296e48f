"""The ring: all ranks' vectors averaged over TCP, each rank talking only to its two neighbours.

An average of N ranks' vectors takes N-1 rounds of reduce-scatter and N-1 of all-gather, in each of which a rank sends
one Nth of the vector to its right neighbour while it receives one from its left. All ranks end with the same bytes,
because each part is summed by one rank only and then copied.

Every message carries the ring's epoch and its place in the order of messages, so that bytes of another ring or a lost
round cannot pass for the ones expected.
"""

import select
import socket
import struct
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Self

import numpy as np

from lab.workloads.trainer.dataset import Floats

POLL_SECONDS = 0.1

_HEADER = struct.Struct("!4sIII")  # magic, epoch, sequence number, bytes that follow
_MAGIC = b"RING"


class RingBrokenError(Exception):
    """This rank must leave the ring; `reason` is one word for the metrics: see metrics.RESTART_REASONS."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class StoppedError(Exception):
    """The process was told to end."""


def never() -> bool:
    """The `stopped` of a ring that nobody stops."""
    return False


class Ring:
    """The two connections of one rank in a ring of `world_size`, and the operations all ranks make in the same order.

    Every operation raises RingBrokenError when a neighbour is gone ("peer_lost"), does not answer within `timeout`
    seconds ("timeout") or says something else than expected ("protocol"); StoppedError when `stopped` says so.
    """

    def __init__(
        self,
        rank: int,
        world_size: int,
        epoch: int,
        neighbours: tuple[socket.socket, socket.socket] | None,
        timeout: float,
        stopped: Callable[[], bool] = never,
    ) -> None:
        self.rank = rank
        self.world_size = world_size
        self.epoch = epoch
        self._neighbours = neighbours  # left, right; None in a world of one
        self._timeout = timeout
        self._stopped = stopped
        self._sequence = 0
        for connection in neighbours or ():
            connection.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the ring: the neighbours see it at once."""
        for connection in self._neighbours or ():
            connection.close()

    def average(self, vector: Floats) -> None:
        """Replace `vector` by the mean of all ranks' vectors (of the same length)."""
        if self.world_size == 1:
            return
        size = self.world_size
        bounds = np.linspace(0, len(vector), size + 1).astype(int).tolist()
        parts = [vector[start:end] for start, end in pairwise(bounds)]
        for step in range(size - 1):
            mine, theirs = parts[(self.rank - step) % size], parts[(self.rank - step - 1) % size]
            theirs += np.frombuffer(self._exchange(mine.tobytes(), theirs.nbytes), vector.dtype)
        for step in range(size - 1):
            mine, theirs = parts[(self.rank + 1 - step) % size], parts[(self.rank - step) % size]
            theirs[...] = np.frombuffer(self._exchange(mine.tobytes(), theirs.nbytes), vector.dtype)
        vector /= np.float32(size)

    def gather(self, payload: bytes) -> list[bytes]:
        """Every rank's payload (of the same length), in the order of ranks."""
        gathered = [b""] * self.world_size
        gathered[self.rank] = payload
        for step in range(self.world_size - 1):
            sent = gathered[(self.rank - step) % self.world_size]
            gathered[(self.rank - step - 1) % self.world_size] = bytes(self._exchange(sent, len(payload)))
        return gathered

    def _exchange(self, payload: bytes, expected: int) -> memoryview:
        """Send `payload` to the right while `expected` bytes come from the left."""
        if self._neighbours is None:
            raise ValueError("a ring of one has nobody to exchange with")
        left, right = self._neighbours
        outgoing = memoryview(_HEADER.pack(_MAGIC, self.epoch, self._sequence, len(payload)) + payload)
        incoming = memoryview(bytearray(_HEADER.size + expected))
        sent = received = 0
        deadline = time.monotonic() + self._timeout
        while sent < len(outgoing) or received < len(incoming):
            readable, writable = self._wait(left, right, sent < len(outgoing), received < len(incoming), deadline)
            try:
                if writable:
                    sent += right.send(outgoing[sent:])
                if readable:
                    count = left.recv_into(incoming[received:])
                    if count == 0:
                        raise RingBrokenError("peer_lost", f"rank {self._left_rank} has left the ring")
                    received += count
            except BlockingIOError:
                continue
            except OSError as error:
                raise RingBrokenError("peer_lost", f"a neighbour of rank {self.rank} is gone: {error}") from error
            if received >= _HEADER.size:
                self._check(incoming, expected)
        self._sequence = (self._sequence + 1) % 2**32
        return incoming[_HEADER.size :]

    def _wait(
        self, left: socket.socket, right: socket.socket, sending: bool, receiving: bool, deadline: float
    ) -> tuple[bool, bool]:
        if self._stopped():
            raise StoppedError
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise RingBrokenError("timeout", f"no answer in the ring within {self._timeout:g} s")
        wait = min(remaining, POLL_SECONDS)
        readable, writable, _ = select.select([left] * receiving, [right] * sending, [], wait)
        return bool(readable), bool(writable)

    def _check(self, incoming: memoryview, expected: int) -> None:
        found = _HEADER.unpack(incoming[: _HEADER.size])
        if found != (_MAGIC, self.epoch, self._sequence, expected):
            wanted = (_MAGIC, self.epoch, self._sequence, expected)
            raise RingBrokenError("protocol", f"rank {self._left_rank} sent {found}, not {wanted}")

    @property
    def _left_rank(self) -> int:
        return (self.rank - 1) % self.world_size
