"""A word at the start of our other commands when faults are left that should be out: who sees it can take them out.

It must be cheap and never fail a command: it reads the local ledger where there is one, and the cluster's only when
the command has it open anyway.
"""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING

from clients.state_directory import state_directory

if TYPE_CHECKING:
    from actions.ledger.store import Ledger

LEDGER_FILE = "ledger.sqlite"
"""As actions.ledger.open has it; asked for here before anything heavy is imported."""


def overdue(ledger: Ledger, now: float) -> int:
    """How many faults look as if they should be out. Raises LedgerError."""
    from actions.ledger.record import DEAD_AFTER_SECONDS

    records = [record for record in ledger.contents().records if record.state != "undone"]
    if not records:
        return 0
    beats = {beat.run: beat.at for beat in ledger.heartbeats()}
    # Twice the time after which a run is dead: clocks may differ, and `chaos recover` looks closely before it acts.
    dead = now - 2 * DEAD_AFTER_SECONDS
    return sum(record.expires_at <= now or beats.get(record.run, 0.0) < dead for record in records)


def offer_recovery(ledger: Ledger | None = None) -> None:
    """Say on standard error that faults are left, if there are any in `ledger` or, without one, on this machine."""
    try:
        if ledger is None and not (state_directory() / LEDGER_FILE).exists():
            return
    except (RuntimeError, OSError):
        return
    from actions.ledger.store import LedgerError

    try:
        count, place = _look(ledger)
    except (LedgerError, OSError, sqlite3.Error):
        return  # the command itself meets it, if it needs the ledger
    if count:
        from runner.cli.slo.terminal import tell

        what = f"{count} fault{'' if count == 1 else 's'}"
        tell(f"note: {what} in {place} should be out by now: see chaos recover --dry-run")


def _look(ledger: Ledger | None) -> tuple[int, str]:
    if ledger is not None:
        return overdue(ledger, time.time()), ledger.place
    from actions.ledger.in_file import InFile

    opened = InFile(state_directory() / LEDGER_FILE)
    try:
        return overdue(opened, time.time()), opened.place
    finally:
        opened.close()
