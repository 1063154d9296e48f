"""The rendezvous: where the ranks of a job find each other, and rank 0 gives each new ring its epoch.

Rank 0 listens. Another rank connects and says in one line of JSON who it is and how far it came; it is told every
PING_SECONDS how many ranks are there, and once all are, in one line, the epoch, everybody's addresses and the
checkpoint to go on from. Then the connection has done its work.

An incarnation is the Unix time (ns) at which a rank's process began. A rank that comes while a ring of its own is
running means that it has left that ring, or that its process was replaced: the ring is over. Only a process that is
older than the one it would replace is turned away, so that a stale one cannot push out its successor.
"""

import json
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from lab.logs import structlog
from lab.workloads.trainer.allreduce import POLL_SECONDS
from lab.workloads.trainer.assembly import Address
from lab.workloads.trainer.record import Claim

PING_SECONDS = 0.5
CONNECT_SECONDS = 1.0
LINE_LIMIT = 64 * 1024


class RendezvousError(Exception):
    """The rendezvous did not come about; the message says why. It can be tried again."""


@dataclass(frozen=True, slots=True)
class Member:
    """A rank at the rendezvous: who it is, where its ring listener is, how far it came."""

    rank: int
    world_size: int
    incarnation: int
    address: Address
    claim: Claim

    def as_document(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_document(cls, document: Any) -> "Member":
        """Raises ValueError, KeyError or TypeError when it is not a member."""
        host, port = document["address"]
        claim = document["claim"]
        return cls(
            rank=int(document["rank"]),
            world_size=int(document["world_size"]),
            incarnation=int(document["incarnation"]),
            address=(str(host), int(port)),
            claim=Claim(int(claim["epoch"]), int(claim["step"]), float(claim["step_at"])),
        )


@dataclass(frozen=True, slots=True)
class Assignment:
    """A new ring: its epoch, where its ranks listen, and the key of the checkpoint they begin from ("" for none)."""

    epoch: int
    addresses: tuple[Address, ...]
    checkpoint: str


class _Guest:
    """A connection to the rendezvous: unknown until it has said who it is."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.received = b""
        self.member: Member | None = None


class RendezvousServer:
    """Rank 0's side, in a thread of its own."""

    def __init__(self, host: str, port: int, world_size: int, log: structlog.stdlib.BoundLogger) -> None:
        self._world_size = world_size
        self._log = log
        self._changed = threading.Condition()
        self._waiting: dict[int, _Guest] = {}
        self._in_ring: dict[int, int] = {}  # rank: incarnation
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server((host, port), backlog=32)
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="rendezvous", daemon=True)
        self._thread.start()

    def waiting(self) -> tuple[Member, ...]:
        """The ranks that wait for a ring, in order."""
        with self._changed:
            members = [guest.member for guest in self._waiting.values() if guest.member is not None]
        return tuple(sorted(members, key=lambda member: member.rank))

    def is_awaited(self) -> bool:
        """Whether any rank waits: while a ring is running, this says that it is over."""
        return bool(self._waiting)

    def wait_for_change(self, seconds: float) -> None:
        """Return when the ranks that wait have changed, or after `seconds`."""
        with self._changed:
            self._changed.wait(seconds)

    def release(self, members: tuple[Member, ...], assignment: Assignment) -> bool:
        """Send the assignment to `members`; False, and nothing sent, when they are not the ones that wait any more."""
        with self._changed:
            if self.waiting() != members:
                return False
            line = json.dumps({"type": "start", **asdict(assignment)}).encode() + b"\n"
            for guest in self._waiting.values():
                _send(guest, line)
            self._in_ring = {member.rank: member.incarnation for member in members}
            for guest in list(self._waiting.values()):
                self._drop(guest)
            return True

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select(PING_SECONDS):
                with self._changed:
                    if key.fileobj is self._listener:
                        self._accept()
                    elif isinstance(key.data, _Guest):
                        self._hear(key.data)
            with self._changed:
                self._ping()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:  # gone again
            return
        connection.setblocking(False)
        self._selector.register(connection, selectors.EVENT_READ, _Guest(connection))

    def _hear(self, guest: _Guest) -> None:
        if guest.connection.fileno() < 0:  # dropped in this same round
            return
        try:
            part = guest.connection.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        guest.received += part
        if not part or len(guest.received) > LINE_LIMIT:
            self._drop(guest)
        elif guest.member is None and b"\n" in guest.received:
            self._seat(guest)

    def _seat(self, guest: _Guest) -> None:
        """Read who the guest is, and let it wait or turn it away."""
        try:
            member = Member.from_document(json.loads(guest.received))
        except (ValueError, KeyError, TypeError) as error:
            self._refuse(guest, f"not a member: {error!r}")
            return
        if member.world_size != self._world_size or not 0 < member.rank < self._world_size:
            mine = f"1 to {self._world_size - 1} of {self._world_size}"
            self._refuse(guest, f"rank {member.rank} of {member.world_size} is none of {mine}")
            return
        seated = self._waiting.get(member.rank)
        incumbents = [self._in_ring.get(member.rank, 0)]
        if seated is not None and seated.member is not None:
            incumbents.append(seated.member.incarnation)
        if member.incarnation < max(incumbents):
            self._refuse(guest, f"rank {member.rank} has been replaced by a newer process")
            return
        if seated is not None:
            self._drop(seated)
        guest.member = member
        self._waiting[member.rank] = guest
        self._log.info("rank at the rendezvous", peer=member.rank, last_step=member.claim.step)
        self._ping()
        self._changed.notify_all()

    def _refuse(self, guest: _Guest, message: str) -> None:
        self._log.warning("refused at the rendezvous", error=message)
        _send(guest, json.dumps({"type": "refused", "message": message}).encode() + b"\n")
        self._drop(guest)

    def _ping(self) -> None:
        line = json.dumps({"type": "wait", "ranks": len(self._waiting) + 1}).encode() + b"\n"
        for guest in list(self._waiting.values()):
            if not _send(guest, line):
                self._drop(guest)

    def _drop(self, guest: _Guest) -> None:
        if guest.connection.fileno() >= 0:
            self._selector.unregister(guest.connection)
            guest.connection.close()
        if guest.member is not None and self._waiting.get(guest.member.rank) is guest:
            del self._waiting[guest.member.rank]
            self._changed.notify_all()


def _send(guest: _Guest, line: bytes) -> bool:
    try:
        return guest.connection.send(line) == len(line)
    except OSError:
        return False


def join(
    server: Address, member: Member, silence_seconds: float, stopped: Callable[[], bool], seen: Callable[[int], None]
) -> Assignment:
    """Wait at the rendezvous as `member` until the ring is complete. `seen` is told how many ranks are there.

    Raises RendezvousError when rank 0 cannot be reached, falls silent for `silence_seconds`, hangs up, turns this rank
    away, or when `stopped` says so.
    """
    try:
        with socket.create_connection(server, timeout=CONNECT_SECONDS) as connection:
            connection.sendall(json.dumps(member.as_document()).encode() + b"\n")
            for message in _messages(connection, silence_seconds, stopped):
                if message["type"] == "start":
                    addresses = tuple((str(host), int(port)) for host, port in message["addresses"])
                    return Assignment(int(message["epoch"]), addresses, str(message["checkpoint"]))
                if message["type"] == "refused":
                    raise RendezvousError(f"turned away: {message['message']}")
                seen(int(message["ranks"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RendezvousError(f"rank 0 at {server[0]}:{server[1]} does not answer: {error!r}") from error
    raise RendezvousError(f"rank 0 at {server[0]}:{server[1]} has hung up")


def _messages(
    connection: socket.socket, silence_seconds: float, stopped: Callable[[], bool]
) -> Iterator[dict[str, Any]]:
    """What the other side says, line by line, until it hangs up or `stopped`; TimeoutError when it falls silent."""
    connection.settimeout(POLL_SECONDS)
    received = b""
    heard_at = time.monotonic()
    while not stopped():
        try:
            part = connection.recv(4096)
        except TimeoutError:
            if time.monotonic() - heard_at > silence_seconds:
                raise
            continue
        if not part:
            return
        heard_at = time.monotonic()
        *lines, received = (received + part).split(b"\n")
        for line in lines:
            yield json.loads(line)
