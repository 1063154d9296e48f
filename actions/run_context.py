"""The run that is open in this process: faults may only be injected into one that a guard has opened and watches.

Chaos Toolkit drops a control that does not load or fails, and runs on. So the guard opens the run here, and an action
asks here before it breaks anything: without an open run it refuses and ends the experiment. (No fault without a guard.)
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from actions.fault import Injection, RefusedError
from actions.ledger.record import Record
from actions.ledger.store import Ledger
from actions.planned import PlannedFault
from actions.systems import Systems

logger = logging.getLogger("chaostoolkit")


class NoOpenRunError(Exception):
    """A fault was asked for although no guard watches this process."""


class StoppedError(Exception):
    """The run is being stopped, so nothing more goes in."""


@dataclass(slots=True)
class Injected:
    """One fault on one target in this run, and when things happened to it (seconds since the epoch)."""

    record: Record
    activity: str
    intended_at: float
    sent_at: float | None = None
    """When `inject` returned; None while it is not known whether the fault went in."""
    effective_at: float | None = None
    undone_at: float | None = None
    problem: str = ""
    injection: Injection[Any] | None = None
    """What went in, once it is in effect."""
    vanished: str = ""
    """Why it is not certain that it was in effect until it was undone."""
    perhaps_in_flight: bool = False
    """`inject` did not return as it should: its request may still land, after the undo."""


def _nobody() -> str:
    return ""


@dataclass(slots=True)
class Run:
    """One execution of an experiment: what it may break until when, and what it has broken so far.

    `expires_at` is 0, so that nothing may go in, until the guard lets the method begin.
    """

    id: str
    planned: Sequence[PlannedFault]
    ledger: Ledger
    systems: Systems
    expires_at: float = 0.0
    """Every fault's expiry, seconds since the epoch."""
    dry: bool = False
    unguarded: Callable[[], str] = _nobody
    """Why the guard does not watch (any more); empty while it does."""
    injected: list[Injected] = field(default_factory=list)
    stop_reason: str = ""
    _taken: set[int] = field(default_factory=set)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _injecting: threading.RLock = field(default_factory=threading.RLock)
    _injector: int | None = None

    def take(self, fault: str, arguments: Mapping[str, JsonValue]) -> PlannedFault:
        """The next entry of the plan for this action; each is taken once. Raises RefusedError for what is not in it."""
        for index, entry in enumerate(self.planned):
            if index not in self._taken and (entry.fault, entry.arguments) == (fault, arguments):
                self._taken.add(index)
                return entry
        raise RefusedError(
            f"{fault} with these arguments is not in the plan of this run (any more): nothing was touched"
        )

    def stop(self, reason: str) -> None:
        """From now on nothing more goes in. What is being injected right now is undone by whoever injects it.

        Not for signal handlers: they may interrupt this very call, in the same thread.
        """
        if not self._stopping.is_set():
            self.stop_reason = reason
            self._stopping.set()

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def wait_for_stop(self, seconds: float) -> bool:
        """True as soon as the run is being stopped, False when `seconds` have passed without."""
        return self._stopping.wait(seconds)

    @contextmanager
    def injection(self) -> Iterator[None]:
        """Held while a fault goes in, so that whoever undoes can wait for it. Raises StoppedError.

        No signal ends it half-way (see runner.guarding.signals): it ends by itself as soon as the run is stopped.
        """
        self._injector = threading.get_ident()
        try:
            with self._injecting:
                self.still_allows()
                yield
        finally:
            self._injector = None

    def still_allows(self) -> None:
        """Raises StoppedError where nothing may go in any more: asked first, and again right before a fault goes in.

        In between the undo is written down, and a ledger may take its time.
        """
        if self.stopping:
            raise StoppedError(f"nothing more is injected: {self.stop_reason}")
        if reason := self.unguarded():
            raise StoppedError(f"nothing is injected: {reason}")
        if time.time() >= self.expires_at:
            raise StoppedError("nothing more is injected: blast_radius.duration is over")

    def is_injecting(self, thread: int) -> bool:
        """Whether the thread of this identifier is putting a fault in, or waits to."""
        return self._injector == thread

    def wait_for_injection(self, seconds: float) -> bool:
        """Wait until nothing is being injected; False if something still is after `seconds`."""
        if not self._injecting.acquire(timeout=seconds):
            return False
        self._injecting.release()
        return True


_lock = threading.Lock()
_open: list[Run] = []


def open_run(run: Run) -> None:
    """Make `run` the open one; there is one at a time in a process."""
    with _lock:
        if _open:
            raise RuntimeError(f"run {_open[0].id} is still open: one process runs one experiment at a time")
        _open.append(run)


def close_run() -> None:
    """From now on no fault may be injected. Closing nothing is fine."""
    with _lock:
        _open.clear()


def current_run() -> Run | None:
    """The open run, if there is one."""
    with _lock:
        return _open[0] if _open else None


def require_run(action: str) -> Run:
    """The open run; when there is none, refuse `action` and end the experiment that asks for it.

    A failed action does not make `chaos run` fail, and the control that would is what is missing: so the experiment is
    interrupted, the way Chaos Toolkit provides for (SIGUSR1), if one is running in this process.
    """
    run = current_run()
    if run is not None:
        return run
    refusal = (
        f"{action} refuses: no guard watches this run. Give the experiment the control `provider: {{type: python, "
        "module: runner.guard}`; if it has it, the control failed to load (see chaostoolkit.log)"
    )
    if signal.getsignal(signal.SIGUSR1) not in (signal.SIG_DFL, signal.SIG_IGN, None):
        logger.error(refusal)
        os.kill(os.getpid(), signal.SIGUSR1)
    raise NoOpenRunError(refusal)
