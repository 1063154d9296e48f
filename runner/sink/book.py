"""What the sink keeps: notifications of each receiver, bounded in number and in bytes."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from clients.prometheus_alerts import read_time

STATUSES = ("firing", "resolved")
MOST_PER_RECEIVER = 1000
MOST_RECEIVERS = 200
MOST_NAME_LENGTH = 200
MOST_BYTES = 64 * 1024 * 1024


class NoNotificationError(ValueError):
    """What was sent is no notification of Alertmanager: why."""


class FullError(Exception):
    """There are too many receivers for another one."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One notification: `received_at` is when it came (seconds since the epoch), `id` counts them from 1."""

    id: int
    received_at: float
    receiver: str
    status: str
    notification: str
    """The body of Alertmanager's webhook, as JSON on one line."""

    @property
    def line(self) -> str:
        """As one line of JSON, which is what `GET /pages` gives of it, too."""
        head = json.dumps(
            {"id": self.id, "received_at": self.received_at, "receiver": self.receiver, "status": self.status}
        )
        return f'{head[:-1]}, "notification": {self.notification}}}'


class Book:
    """Safe for threads. The oldest go first, those of the receiver that has most: a Watchdog drives out no page."""

    def __init__(
        self,
        clock: Callable[[], float],
        most_per_receiver: int = MOST_PER_RECEIVER,
        most_bytes: int = MOST_BYTES,
        most_receivers: int = MOST_RECEIVERS,
    ) -> None:
        self._clock = clock
        self._most = most_per_receiver
        self._most_bytes = most_bytes
        self._most_receivers = most_receivers
        self._lock = threading.Lock()
        self._kept: dict[str, deque[Kept]] = {}
        self._sizes: dict[str, int] = {}
        self._ids = 0
        self.forgotten = 0

    def receive(self, body: bytes, receiver: str = "") -> Kept:
        """Keep a notification, of the receiver that it names itself unless one is given.

        Raises NoNotificationError, FullError.
        """
        document = _notification(body)
        name = _receiver(receiver or document.get("receiver"))
        text = json.dumps(document, separators=(",", ":"))
        with self._lock:
            if name not in self._kept and len(self._kept) >= self._most_receivers:
                raise FullError(f"there are {self._most_receivers} receivers already")
            self._ids += 1
            kept = Kept(self._ids, self._clock(), name, str(document["status"]), text)
            self._add(kept)
        return kept

    def restore(self, found: Iterable[Kept]) -> None:
        """Keep what an earlier life of the sink had, the oldest first; numbers go on after theirs."""
        with self._lock:
            for kept in found:
                if kept.receiver in self._kept or len(self._kept) < self._most_receivers:
                    self._ids = max(self._ids, kept.id)
                    self._add(kept)

    def now(self) -> float:
        """What the clock says that notifications are kept by."""
        return self._clock()

    @property
    def last(self) -> int:
        """The number of the last notification that came."""
        return self._ids

    def since(self, at: float) -> list[Kept]:
        """What came after `at` (seconds since the epoch), the oldest first."""
        with self._lock:
            found = [kept for pages in self._kept.values() for kept in pages if kept.received_at > at]
        return sorted(found, key=lambda kept: kept.id)

    def _add(self, kept: Kept) -> None:
        pages = self._kept.setdefault(kept.receiver, deque())
        pages.append(kept)
        self._sizes[kept.receiver] = self._sizes.get(kept.receiver, 0) + len(kept.notification)
        if len(pages) > self._most:
            self._forget(kept.receiver)
        while sum(self._sizes.values()) > self._most_bytes and sum(map(len, self._kept.values())) > 1:
            self._forget(max(self._sizes, key=lambda name: self._sizes[name]))

    def _forget(self, receiver: str) -> None:
        self._sizes[receiver] -= len(self._kept[receiver].popleft().notification)
        self.forgotten += 1


def read_kept(line: str) -> Kept:
    """What `Kept.line` has written. Raises NoNotificationError."""
    try:
        document = json.loads(line)
        notification = json.dumps(document["notification"], separators=(",", ":"))
        _notification(notification.encode())
        return Kept(
            int(document["id"]),
            float(document["received_at"]),
            _receiver(document["receiver"]),
            str(document["status"]),
            notification,
        )
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise NoNotificationError(f"{type(error).__name__}: {error}") from None


def _receiver(name: object) -> str:
    """A name that can be written down and read again wherever notifications are told of."""
    if not isinstance(name, str) or not name:
        raise NoNotificationError("it names no receiver")
    if len(name) > MOST_NAME_LENGTH or not name.isprintable():  # neither control characters nor lone surrogates
        raise NoNotificationError(f"a receiver's name has at most {MOST_NAME_LENGTH} characters, all printable")
    return name


def _notification(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NoNotificationError(f"the body is not JSON: {error}") from None
    if not isinstance(document, dict) or document.get("status") not in STATUSES:
        raise NoNotificationError(f"status must be one of {', '.join(STATUSES)}")
    alerts = document.get("alerts")
    sound = isinstance(alerts, list) and all(
        isinstance(one, dict) and isinstance(one.get("labels"), dict) and one.get("status") in STATUSES
        for one in alerts
    )
    if not sound:
        raise NoNotificationError("alerts must be a list of objects with status and labels")
    for one in document["alerts"]:
        for key in ("startsAt", "endsAt"):
            _check_time(key, one.get(key))
    return document


def _check_time(key: str, value: object) -> None:
    """Who reads what is kept has to be able to read its times."""
    wrong = NoNotificationError(f"{key} of an alert must be a time (RFC 3339)")
    if value is not None and not isinstance(value, str):
        raise wrong
    try:
        read_time(value)
    except (ValueError, OverflowError):
        raise wrong from None
