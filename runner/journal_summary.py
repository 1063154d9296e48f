"""What the guard writes into a journal under its key, read back by whoever started the run as a process of its own."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from runner.outcome import KEY


class JournalFault(BaseModel):
    """One fault on one target; `undone_at` (seconds since the epoch) is None where it did not come out."""

    fault: str
    kind: str
    namespace: str = ""
    name: str
    record: str = ""
    undone_at: float | None = None
    reason: str = ""

    def __str__(self) -> str:
        where = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.fault} on {self.kind} {where} (record {self.record}): {self.reason or 'it did not come out'}"


class JournalSummary(BaseModel):
    """The summary of a run (runner.run_summary), as far as others read it. `alerts` is an alert path's document."""

    model_config = ConfigDict(extra="ignore")

    run_id: str
    verdict: str
    reason: str
    faults: tuple[JournalFault, ...] = ()
    error_budget_spent: dict[str, float] = {}
    slos_recovered_seconds: float | dict[str, str] | None = None
    alerts: dict[str, Any] | None = None
    warnings: tuple[str, ...] = ()

    @property
    def stuck(self) -> tuple[str, ...]:
        """Each fault that did not come out, in words."""
        return tuple(str(fault) for fault in self.faults if fault.undone_at is None)


def read_journal_summary(journal: Path) -> JournalSummary | None:
    """What the journal says; None where there is none, or none with the guard's word: the run died."""
    try:
        return JournalSummary.model_validate(json.loads(journal.read_text("utf-8"))[KEY])
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        return None
