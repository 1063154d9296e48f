"""A word at the start of our other commands when faults are left that should be out: who sees it can take them out.

It must be cheap and never fail a command: it reads the local ledger where there is one, and the cluster's only when
the command has it open anyway.
"""

import time

from actions.ledger.record import DEAD_AFTER_SECONDS
from actions.ledger.store import Ledger, LedgerError

SILENT_SECONDS = 2 * DEAD_AFTER_SECONDS
"""A heartbeat so old looks dead; `chaos recover` watches it before it believes that."""


def overdue(ledger: Ledger, now: float) -> int:
    """How many faults look as if they should be out. Raises LedgerError."""
    records = [record for record in ledger.contents().records if record.state != "undone"]
    if not records:
        return 0
    beats = {beat.run: beat.at for beat in ledger.heartbeats()}
    return sum(record.expires_at <= now or now - beats.get(record.run, 0.0) > SILENT_SECONDS for record in records)


def offer_recovery(ledger: Ledger | None = None) -> None:
    """Say on standard error that faults are left, if there are any in `ledger` or, without one, on this machine."""
    try:
        count, place = _look(ledger)
    except (LedgerError, OSError):
        return  # the command itself meets it, if it needs the ledger
    if count:
        from runner.cli.slo.terminal import tell

        what = f"{count} fault{'' if count == 1 else 's'}"
        tell(f"note: {what} in {place} should be out by now: see chaos recover --dry-run")


def _look(ledger: Ledger | None) -> tuple[int, str]:
    if ledger is not None:
        return overdue(ledger, time.time()), ledger.place
    from actions.ledger.open import local_path, open_in_file

    if not local_path().exists():
        return 0, ""
    opened = open_in_file()
    try:
        return overdue(opened, time.time()), opened.place
    finally:
        opened.close()
