"""The run that is open in this process: faults may only be injected into one that something has opened and records.

Chaos Toolkit drops a control that does not load or fails, and runs on. So the control opens the run here, and an action
asks here before it breaks anything: without an open run it refuses and ends the experiment. (No fault without a guard.)
"""

import logging
import os
import signal
import threading
from dataclasses import dataclass, field
from typing import Any

logger = logging.getLogger("chaostoolkit")


class NoOpenRunError(Exception):
    """A fault was asked for although no run is open."""


@dataclass(slots=True)
class Fault:
    """One thing that is broken: noted before it is done, so that a crash in between leaves the name of the target."""

    kind: str
    target: dict[str, Any]
    intended_at: float
    injected_at: float | None = None


@dataclass(slots=True)
class Run:
    """One execution of an experiment, and what it has broken so far. In a dry one nothing may be broken."""

    id: str
    dry: bool = False
    faults: list[Fault] = field(default_factory=list)

    def intend(self, kind: str, target: dict[str, Any], at: float) -> Fault:
        """Note a fault that is about to be injected (`at`: seconds since the epoch)."""
        fault = Fault(kind, target, at)
        self.faults.append(fault)
        return fault


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
        f"{action} refuses: nothing watches this run. Give the experiment the control `provider: {{type: python, "
        "module: runner.summary}`; if it has it, the control failed to load (see chaostoolkit.log)"
    )
    if signal.getsignal(signal.SIGUSR1) not in (signal.SIG_DFL, signal.SIG_IGN, None):
        logger.error(refusal)
        os.kill(os.getpid(), signal.SIGUSR1)
    raise NoOpenRunError(refusal)
