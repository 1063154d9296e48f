"""Saying every second that the run lives, and hearing whether all runs are to stop."""

import logging
import threading
import time
from collections.abc import Callable

from actions.ledger.record import HEARTBEAT_SECONDS
from actions.ledger.store import GivenUpError, Ledger, LedgerError
from runner.guarding.stops import Stop, StopKind

logger = logging.getLogger("chaostoolkit")

FENCE_SECONDS = 3.0
"""A run that could not say for so long that it lives stops itself, before others take it for dead."""


class Heartbeat:
    """A thread that beats from `start` to `close`. `stop` is called when the halt switch is found on."""

    def __init__(self, ledger: Ledger, run_id: str, stop: Callable[[Stop], None]) -> None:
        self._ledger = ledger
        self._run_id = run_id
        self._stop = stop
        self._closing = threading.Event()
        self._beat_at = time.monotonic()
        self._problem = "the last one is not answered"
        self._given_up = ""
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin; the first beat has been written by then. Raises LedgerError."""
        self._beat()
        self._thread.start()

    def overdue(self) -> Stop | None:
        """The stop that is due because the heartbeat is too old, whatever holds the thread up, or the run given up."""
        if self._closing.is_set():
            return None
        if self._given_up:
            return Stop(StopKind.FENCED, self._given_up, time.time())
        age = time.monotonic() - self._beat_at
        if age <= FENCE_SECONDS:
            return None
        reason = (
            f"the ledger ({self._ledger.place}) has taken no heartbeat for {age:.1f} s, so others may take this run "
            f"for dead: {self._problem}"
        )
        return Stop(StopKind.FENCED, reason, time.time())

    def close(self) -> None:
        """End the thread; a call that hangs is left alone."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join(FENCE_SECONDS)

    def _beat(self) -> None:
        """Counted from before it is sent: whoever judges its age counts from when it arrived."""
        sent_at = time.monotonic()
        self._ledger.beat(self._run_id, time.time())
        self._beat_at = sent_at

    def _run(self) -> None:
        tried_at = self._beat_at
        while not self._closing.wait(seconds_to_next(tried_at, time.monotonic())):
            tried_at = time.monotonic()
            try:
                self._beat()
                halt = self._ledger.halted()
            except GivenUpError as error:
                self._given_up = str(error)
                return
            except LedgerError as error:
                self._problem = str(error)
                continue
            except Exception as error:  # noqa: BLE001 (whatever it is, the fence will tell)
                self._problem = f"{type(error).__name__}: {error}"
                continue
            if halt is not None:
                self._stop(Stop(StopKind.HALT, f"halted by {halt.by}: {halt.why}", time.time()))


def seconds_to_next(tried_at: float, now: float) -> float:
    """How long to wait after a beat that was sent at `tried_at`: what its answers took is a part of the second.

    Else a ledger that answers slowly, and lives, would fence the run.
    """
    return max(tried_at + HEARTBEAT_SECONDS - now, 0.0)
