"""What a run leaves behind while it goes on: a file of JSON lines, in which a run that was killed still has its facts.

The results store (runner.store) takes it in afterwards. Writing must never cost a run nor hold one up: nothing here
raises, and what cannot be written is said once. A fact is handed to the system when it is noted, so that a process
that is killed loses none. It is brought to the disk by a thread beside the run (runner.runs.syncing): an undo never
waits for an fsync, and a machine that loses its power may lose the last moments.
"""

import json
import logging
import math
import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from clients.state_directory import state_directory
from runner.alerting.timeline import AlertPath
from runner.runs.holding import content, hold, is_removed
from runner.runs.process import process_start
from runner.runs.record import LedgerTransition, SloSample, WatchedObjective
from runner.runs.syncing import Syncing

logger = logging.getLogger("chaostoolkit")

SUFFIX = ".jsonl"
LAST_SYNC_SECONDS = 2.0
"""How long the end of a run waits, when all is undone, until its spool is on the disk."""
SAMPLES_PER_SECOND = 4.0
DENSE_SAMPLES = 2400
"""As many readings of each SLO are kept at full rate (10 minutes); from then on one for each such part of the time."""


def spool_directory() -> Path:
    """`spool` in the state directory. Raises RuntimeError where there is no place for one."""
    return state_directory() / "spool"


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is known of a run before anything else. `at` is seconds since the epoch; `experiment` its file, as named."""

    run_id: str
    title: str
    at: float
    dry: bool
    experiment: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan that the run keeps to: its document (`chaos plan --json`), and the SLOs that are watched."""

    plan: Mapping[str, Any]
    digest: str
    token: str
    place: str
    objectives: tuple[WatchedObjective, ...]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended. `spent` is the share of each SLO's error budget (1 is all of it), as far as it is known.

    `recover` is how many seconds the SLOs took from the undo; `summary` what the journal keeps under `mlchaos`.
    """

    at: float
    verdict: str
    reason: str
    faults: int
    spent: Mapping[str, float] = field(default_factory=dict)
    recover: float | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)


class Spool:
    """The file of one run, from `began` to `close`. From any thread; no call raises."""

    def __init__(self, run_id: str, directory: Path | None = None) -> None:
        """Nothing is written before `began`. `directory` is where spools lie (default: in the state directory)."""
        self._run_id = run_id
        self._directory = directory
        self._file: int | None = None
        self._syncing: Syncing | None = None
        self._writing = threading.Lock()
        self._torn = False
        self._held = False
        self._told = False
        self._began_at = 0.0
        self._sampled_at: float | None = None
        self._closed = threading.Event()

    def began(self, beginning: Beginning) -> None:
        """The first line: what runs, and which process does it."""
        self._began_at = beginning.at
        self._note("began", lambda: {**asdict(beginning), **_this_process(), "held": self._held}, open_first=True)

    def planned(self, planned: Planned) -> None:
        self._note("planned", lambda: asdict(planned))

    def versions(self, versions: Mapping[str, str]) -> None:
        """Versions of what took part, by name; those of several calls come together."""
        self._note("versions", lambda: {"versions": dict(versions)})

    def transition(self, transition: LedgerTransition) -> None:
        """A fault came into a state."""
        self._note("transition", lambda: asdict(transition))

    def stopped(self, at: float, kind: str, reason: str) -> None:
        """Why the run is being ended early; `kind` is runner.guarding.stops.StopKind's."""
        self._note("stopped", lambda: {"at": at, "kind": kind, "reason": reason})

    def samples(self, samples: Sequence[SloSample]) -> None:
        """One look at all SLOs. Of many of them some are left out: all in a short run, ever fewer in a long one."""
        if samples and self._due(samples[0].at):
            self._note("samples", lambda: _rows(samples), synced=False)

    def alerts(self, path: AlertPath) -> None:
        """All that has been seen of the run's alerts so far; to be called at every new stage. The last call counts."""
        self._note("alerts", lambda: {"alerts": asdict(path)})

    def ended(self, ending: Ending) -> None:
        """The last line: the run was judged."""
        self._note("ended", lambda: asdict(ending))

    def close(self) -> None:
        """Write nothing more."""
        self._closed.set()
        with self._writing:
            if self._file is not None:
                os.close(self._file)
                self._file = None
            syncing, self._syncing = self._syncing, None
        if syncing is not None:
            syncing.close(LAST_SYNC_SECONDS)

    def wait_closed(self, seconds: float) -> bool:
        """True as soon as nothing more is written, False when `seconds` have passed."""
        return self._closed.wait(seconds)

    @property
    def path(self) -> Path | None:
        """The file, as soon as there is one."""
        with self._writing:
            return None if self._file is None else (self._directory or spool_directory()) / f"{self._run_id}{SUFFIX}"

    def _due(self, at: float) -> bool:
        """Whether a reading of the time `at` is kept; a little early counts, since ticks are never exact."""
        seconds = max(1 / SAMPLES_PER_SECOND, (at - self._began_at) / DENSE_SAMPLES)
        if self._sampled_at is not None and 0 <= at - self._sampled_at < 0.9 * seconds:
            return False
        self._sampled_at = at
        return True

    def _note(
        self, event: str, facts: Callable[[], Mapping[str, Any]], *, synced: bool = True, open_first: bool = False
    ) -> None:
        try:
            with self._writing:
                if open_first and self._file is None:
                    self._file = self._opened()
            line = json.dumps({"event": event, **facts()}, default=str)
            with self._writing:
                if self._file is None:
                    return
                self._restore(self._file)
                self._append(self._file, f"{line}\n".encode())
                if synced:
                    if self._syncing is None:
                        self._syncing = Syncing(os.dup(self._file), self._tell)
                    self._syncing.ask()
        except Exception as error:  # noqa: BLE001 (a run that is not recorded is better than one that is cut short)
            self._tell(error)

    def _opened(self) -> int:
        directory = self._directory or spool_directory()
        directory.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        file = os.open(directory / f"{self._run_id}{SUFFIX}", flags, 0o644)
        self._held = hold(file)
        return file

    def _restore(self, file: int) -> None:
        """Somebody may have removed the spool, or taken the run for dead: then it is written anew as it was."""
        if not is_removed(file):
            return
        try:
            anew = self._opened()
        except OSError as error:
            self._tell(error)
            return
        self._file = anew
        self._append(anew, content(file))
        os.close(file)
        if self._syncing is not None:
            self._syncing.close(0.0)
            self._syncing = None
        logger.warning("The spool of this run was removed while the run goes on; it is written anew")

    def _append(self, file: int, line: bytes) -> None:
        """In one write, so that no other line gets in between; a part of a line (full disk) is ended first."""
        whole = b"\n" * self._torn + line
        self._torn = True
        self._torn = os.write(file, whole) != len(whole)
        if self._torn:
            raise OSError(f"only a part of a line was taken (is the disk full?): {line[:40]!r}")

    def _tell(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            logger.warning(
                "The run cannot be recorded as it goes on, so the results store will not know all of it: %s; set "
                "MLCHAOS_STATE_DIR to a directory that can be written",
                error,
            )


def _this_process() -> Mapping[str, Any]:
    pid = os.getpid()
    return {"host": socket.gethostname(), "pid": pid, "pid_started": process_start(pid)}


def _rows(samples: Sequence[SloSample]) -> Mapping[str, Any]:
    rows = [[one.slo, _number(one.burn), _number(one.spend), one.reason] for one in samples]
    return {"at": round(samples[0].at, 3), "slos": rows}


def _number(value: float | None) -> float | None:
    """With the digits that mean something. JSON has no infinity, and what is not finite is not known."""
    return float(f"{value:.6g}") if value is not None and math.isfinite(value) else None
