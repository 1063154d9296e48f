"""What one run has to say of its alerts, from the journal that it wrote."""

from dataclasses import dataclass
from pathlib import Path

from runner.alerting.timeline import NO_ALERTS, AlertPath
from runner.exit_codes import Exit, exit_of
from runner.journal_summary import read_journal_summary
from runner.runs.alert_documents import read_alert_path


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
    summary = read_journal_summary(journal)
    if summary is None:
        return None
    try:
        path = read_alert_path(summary.alerts) if summary.alerts is not None else NO_ALERTS
    except (ValueError, KeyError, TypeError):
        return None
    return TriedAlerts(
        summary.run_id,
        summary.verdict,
        summary.reason,
        path,
        summary.error_budget_spent,
        summary.stuck,
        summary.warnings,
    )
