"""Which chaos runs there were on this machine: an append-only log, one JSON object per line.

The control `runner.guard` notes when a run begins and when it has ended, so that `chaos slo burn` can say which burns
were ours. The log must never cost a run: what cannot be written is said, and the run goes on.
"""

import json
import logging
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clients.state_directory import state_directory
from runner.runs.chaos import DIED, RUNNING, ChaosRun

logger = logging.getLogger("chaostoolkit")

_YEAR_10000 = 253_402_300_800.0
_BEGAN, _ENDED = "began", "ended"


def default_path() -> Path:
    """`runs.jsonl` in the state directory. Raises RuntimeError where there is no place for one."""
    return state_directory() / "runs.jsonl"


def note_begin(run_id: str, title: str, at: float, *, dry: bool) -> None:
    """Write down that a run begins at `at` (seconds since the epoch). Never raises: a failure is logged."""
    pid = os.getpid()
    _note(
        {
            "event": _BEGAN,
            "run": run_id,
            "title": title,
            "at": at,
            "dry": dry,
            "host": socket.gethostname(),
            "pid": pid,
            "pid_started": _process_start(pid),
        }
    )


def note_end(run_id: str, verdict: str, at: float, faults: int, spent: Mapping[str, float] | None = None) -> None:
    """Write down how a run ended, how many faults went in or may have, and what it cost.

    `spent` is the share (0..1, more where it overspent) of each SLO's error budget, by the SLO's name, as far as it is
    known. Never raises: a failure is logged.
    """
    record = {"event": _ENDED, "run": run_id, "verdict": verdict, "at": at, "faults": faults}
    _note({**record, "spent": dict(spent)} if spent else record)


def _note(record: Mapping[str, Any]) -> None:
    try:
        path = default_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        _append(path, json.dumps(record))
    except (OSError, RuntimeError) as error:  # RuntimeError: no home directory
        logger.warning(
            "The run log cannot be written, so `chaos slo burn` will not know this run: %s; set MLCHAOS_STATE_DIR to "
            "a directory that can",
            error,
        )


def _append(path: Path, line: str) -> None:
    """Add a line in one write, and have it on the disk before anything breaks."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, f"{chr(10) * torn}{line}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class RunLog:
    """The runs of a log, oldest first, and what could not be read of it."""

    runs: tuple[ChaosRun, ...]
    warnings: tuple[str, ...]


def read_run_log(path: Path) -> RunLog:
    """Every run in the log, in the order they began; dry runs, which break nothing, have no faults.

    No log is an empty log. Lines that are no records (torn by a crash) are skipped with a warning.
    """
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return RunLog((), ())
    except OSError as error:
        return RunLog((), (f"the run log cannot be read, so chaos runs are not known: {error}",))
    runs: dict[str, ChaosRun] = {}
    warnings = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            _apply(runs, json.loads(line), str(path))
        except (ValueError, OverflowError, KeyError, TypeError, AttributeError, RecursionError):
            warnings.append(f"{path}:{number}: skipped a line that is no record of a run (torn by a crash?)")
    return RunLog(tuple(sorted(runs.values(), key=lambda run: run.started_at)), tuple(warnings))


def _apply(runs: dict[str, ChaosRun], record: Mapping[str, Any], source: str) -> None:
    run_id, at = str(record["run"]), float(record["at"])
    if not 0 <= at < _YEAR_10000:
        raise ValueError(at)
    if record["event"] == _BEGAN:
        alive = _is_alive(record)
        runs[run_id] = ChaosRun(
            run_id=run_id,
            title=str(record["title"]),
            started_at=at,
            ended_at=None,
            verdict=RUNNING if alive else DIED,
            faults=0 if record["dry"] else None,
            source=source,
        )
    elif record["event"] == _ENDED:
        began = runs[run_id]
        if at < began.started_at:
            raise ValueError(at)
        faults = 0 if began.faults == 0 else int(record["faults"])
        spent = {str(slo): float(share) for slo, share in (record.get("spent") or {}).items()}
        runs[run_id] = replace(began, ended_at=at, verdict=str(record["verdict"]), faults=faults, spent=spent)
    else:
        raise ValueError(record["event"])


def _is_alive(record: Mapping[str, Any]) -> bool:
    """Whether the very process that began the run is still there; another one may have got its number."""
    if record["host"] != socket.gethostname():
        return False
    start = _process_start(int(record["pid"]))
    return start is not None and start == record["pid_started"]


def _process_start(pid: int) -> str | None:
    """When a process began, in the kernel's ticks since boot; None where that is not told, or there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    # The command in parentheses may hold blanks; field 22 of proc(5) is the 20th after it.
    return f"{boot}/{stat.rpartition(')')[2].split()[19]}"
