"""Looking at the SLOs of a run four times a second, in a thread of its own."""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from clients.prometheus import PrometheusError
from probes.slo_watch import Watched
from runner.guarding.stops import Doubts, Limits, Stop, StopKind, judge

POLL_SECONDS = 0.25


class Watch(Protocol):
    """What reads SLOs: probes.slo_watch.SloWatch."""

    def read(self, at: float, since: float | None = None) -> Watched: ...

    def unread(self, at: float, reason: str) -> Watched: ...


class Watcher:
    """A thread that reads from `start` to `close`, and calls `stop` while it is armed.

    `began` gives when the first fault was about to go in (seconds since the epoch), None as long as there was none.
    `note` is given every reading, after it was judged.
    """

    def __init__(
        self,
        watch: Watch,
        limits: Limits,
        stop: Callable[[Stop], None],
        began: Callable[[], float | None],
        note: Callable[[Watched], None] = lambda _: None,
    ) -> None:
        self._watch = watch
        self._limits = limits
        self._stop = stop
        self._began = began
        self._note = note
        self._closing = threading.Event()
        self._read_anew = threading.Condition()
        self._latest: Watched | None = None
        self._armed = True
        self._thread = threading.Thread(target=self._run, name="SLO watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def disarm(self) -> None:
        """From now on readings stop nothing: the faults are out, and what is still burning is the aftermath."""
        self._armed = False

    @property
    def latest(self) -> Watched | None:
        with self._read_anew:
            return self._latest

    def newer_than(self, at: float, seconds: float) -> Watched | None:
        """A reading of after `at` (seconds since the epoch), waited for no longer than `seconds`."""
        with self._read_anew:
            self._read_anew.wait_for(lambda: self._latest is not None and self._latest.at > at, seconds)
            return self._latest if self._latest is not None and self._latest.at > at else None

    def close(self) -> None:
        """End the thread; a question that hangs is left alone."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join(POLL_SECONDS)

    def _run(self) -> None:
        doubts = Doubts()
        due = time.monotonic()
        while not self._closing.wait(max(due - time.monotonic(), 0.0)):
            due = max(due + POLL_SECONDS, time.monotonic())
            try:
                watched = self._read()
                stop, doubts = judge(watched, self._limits, doubts, time.monotonic())
            except Exception as error:  # noqa: BLE001 (a guard that does not watch is no guard)
                reason = f"the SLOs cannot be watched any more: {type(error).__name__}: {error}"
                self._stop(Stop(StopKind.DEFECT, reason, time.time()))
                return
            with self._read_anew:
                self._latest = watched
                self._read_anew.notify_all()
            if stop is not None and self._armed:
                self._stop(stop)
            self._note(watched)

    def _read(self) -> Watched:
        at = time.time()
        try:
            return self._watch.read(at, self._began())
        except PrometheusError as error:
            return self._watch.unread(at, str(error))
