"""Taking in what runs have spooled on this machine: again and again, and each run as often as there is news of it."""

import os
import socket
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from runner.runs.holding import is_held
from runner.runs.process import process_start
from runner.runs.record import DIED, RUNNING
from runner.runs.spool import SUFFIX
from runner.runs.spooled import NoRunError, Process, Spooled, read_spool
from runner.store.sql_store import SqlStore

QUIET_SECONDS = 60.0
"""A run whose process cannot be asked for with certainty goes on as long as its spool grows."""
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
    quiet, held = 0.0, False
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            stat = os.fstat(file.fileno())
            quiet = now - stat.st_mtime
            # Before it is read: what a run that is gone has written is all there then. One that is just beginning
            # takes hold of its empty file, and is not to find it held.
            held = stat.st_size > 0 and is_held(file.fileno())
            spooled = read_spool(file, partial(_lives, held=held, quiet=quiet))
            if spooled.record.verdict == DIED:  # its last lines may have come after they were read
                file.seek(0)
                spooled = read_spool(file, lambda _: False)
    except FileNotFoundError:  # somebody else has just taken it in
        return ""
    except NoRunError as error:
        young = quiet < QUIET_SECONDS  # it is just beginning
        return "" if young else f"{path} cannot be taken in: {error}; look at it, and remove it"
    except OSError as error:
        return f"{path} cannot be taken in: {error.strerror}"
    heard_at = spooled.heard_at
    if spooled.record.verdict == RUNNING:
        heard_at = now if held else max(heard_at, now - quiet)
    store.put(spooled.record, heard_at)
    if _complete(spooled, quiet):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            return f"{path} is stored and cannot be removed: {error.strerror}"
    if spooled.skipped:
        return f"{path}: skipped lines that are no facts of a run (torn by a crash?): {spooled.skipped}"
    return ""


def _lives(process: Process, held: bool, quiet: float) -> bool:
    """By its hold on the spool; where file systems have none, it is gone that is neither seen nor heard."""
    if held:
        return True
    if process.host != socket.gethostname():  # locks may not reach from machine to machine
        return quiet < QUIET_SECONDS
    if process.held:
        return False
    start = process_start(process.pid)
    return (start is not None and start == process.started) or quiet < QUIET_SECONDS


def _complete(spooled: Spooled, quiet: float) -> bool:
    """Whether nobody will write to the spool any more."""
    record = spooled.record
    if record.ended_at is not None:
        return True
    certain = spooled.process.held and record.host == socket.gethostname()
    return record.verdict != RUNNING and (certain or quiet > GONE_SECONDS)
