"""What one run has to say of its alerts, from the journal that it wrote."""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from runner.alerting.timeline import NO_ALERTS, AlertPath
from runner.exit_codes import Exit, exit_of
from runner.outcome import KEY
from runner.runs.alert_documents import read_alert_path


class _Fault(BaseModel):
    fault: str
    kind: str
    name: str
    record: str = ""
    undone_at: float | None = None
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.fault} on {self.kind} {self.name} (record {self.record}): {self.reason or 'it did not come out'}"


class _Summary(BaseModel):
    """What the guard writes into a journal, as far as it is told here."""

    model_config = ConfigDict(extra="ignore")

    run_id: str
    verdict: str
    reason: str
    faults: tuple[_Fault, ...] = ()
    error_budget_spent: dict[str, float] = {}
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TriedAlerts:
    """A run that was to prove alerts: how it ended, and the way of each. `spent` has shares of error budgets."""

    run_id: str
    verdict: str
    reason: str
    path: AlertPath
    spent: dict[str, float]
    stuck: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def status(self) -> Exit:
        """The exit status of its verdict; that of a stuck fault comes before it."""
        return Exit.STUCK if self.stuck else exit_of(self.verdict)


def read_tried(journal: Path) -> TriedAlerts | None:
    """What the journal says; None where there is none, or none with the guard's word: the run died."""
    try:
        document = json.loads(journal.read_text("utf-8"))[KEY]
        summary = _Summary.model_validate(document)
        path = read_alert_path(document["alerts"]) if "alerts" in document else NO_ALERTS
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        return None
    stuck = tuple(str(fault) for fault in summary.faults if fault.undone_at is None)
    return TriedAlerts(
        summary.run_id, summary.verdict, summary.reason, path, summary.error_budget_spent, stuck, summary.warnings
    )
