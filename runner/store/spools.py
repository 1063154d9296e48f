"""Taking in what runs have spooled on this machine: again and again, and each run as often as there is news of it."""

import socket
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from runner.runs.process import process_start
from runner.runs.record import RUNNING
from runner.runs.spool import SUFFIX
from runner.runs.spooled import NoRunError, Process, Spooled, read_spool
from runner.store.sql_store import SqlStore

QUIET_SECONDS = 60.0
"""A run of another machine, whose processes cannot be asked for, goes on as long as its spool grows."""
GONE_SECONDS = 86_400.0
"""Its spool goes away when it has not grown for so long."""


def spools(directory: Path) -> Sequence[Path]:
    """The spools there are. Raises OSError where they cannot be listed; no directory has none."""
    try:
        return sorted(path for path in directory.iterdir() if path.suffix == SUFFIX)
    except FileNotFoundError:
        return ()


def take_in(store: SqlStore, paths: Iterable[Path], now: float) -> list[str]:
    """Store what the spools tell, and remove those that are complete; what could not be taken in, in words.

    Raises StoreError where the store cannot be used.
    """
    return [problem for path in paths if (problem := _take_in(store, path, now))]


def _take_in(store: SqlStore, path: Path, now: float) -> str:
    try:
        quiet = now - path.stat().st_mtime
        with path.open(encoding="utf-8", errors="replace") as file:
            spooled = read_spool(file, partial(_lives, quiet=quiet))
    except FileNotFoundError:  # somebody else has just taken it in
        return ""
    except NoRunError as error:
        young = quiet < QUIET_SECONDS  # it is just beginning
        return "" if young else f"{path} cannot be taken in: {error}; look at it, and remove it"
    except OSError as error:
        return f"{path} cannot be taken in: {error.strerror}"
    heard_at = max(spooled.heard_at, now - quiet) if spooled.record.verdict == RUNNING else spooled.heard_at
    store.put(spooled.record, heard_at)
    if _complete(spooled, quiet):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            return f"{path} is stored and cannot be removed: {error.strerror}"
    if spooled.skipped:
        return f"{path}: skipped lines that are no facts of a run (torn by a crash?): {spooled.skipped}"
    return ""


def _lives(process: Process, quiet: float) -> bool:
    if process.host != socket.gethostname():
        return quiet < QUIET_SECONDS
    start = process_start(process.pid)
    return start is not None and start == process.started


def _complete(spooled: Spooled, quiet: float) -> bool:
    """Whether nobody will write to the spool any more."""
    record = spooled.record
    if record.ended_at is not None:
        return True
    return record.verdict != RUNNING and (record.host == socket.gethostname() or quiet > GONE_SECONDS)
