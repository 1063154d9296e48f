"""What `chaos recover` prints: one row for each record, for people or for machines."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from actions.ledger.record import Record
from runner.cli.slo.figures import printable
from runner.recover.decisions import Decision
from runner.recover.once import Report
from runner.recover.outcomes import Outcome

_DONE = {
    "undone": "undone",
    "removed": "gone for good",
    "stuck": "STUCK",
    "elsewhere": "undone by somebody else",
    "failed": "undone, not seen again",
}
_LEFT = {
    "watch": "left: does its run live?",
    "later": "undone, to be looked at again",
    "leave": "left to its run",
    "rest": "STUCK",
    "undo": "left",
    "verify": "undone, to be looked at again",
}
_WOULD = _LEFT | {"undo": "would be undone", "verify": "undone, would be forgotten"}


@dataclass(frozen=True, slots=True)
class Row:
    """One record: what it is, what was (or would be) done, why, and what a person must know."""

    id: str
    run: str
    fault: str
    target: str
    state: str
    done: str
    why: str
    problem: str
    expires_at: float


def rows(report: Report, *, dry: bool) -> list[Row]:
    """A row for each record that was found, the last word on each."""
    told: dict[str, Row] = {}
    for outcome in report.outcomes:
        told[outcome.record.id] = _after(outcome)
    for decisions in report.left.values():
        for decision in decisions:
            if decision.record.id not in told:
                told[decision.record.id] = _before(decision, dry=dry)
    return list(told.values())


def document(report: Report, places: Sequence[str], *, dry: bool) -> dict[str, Any]:
    """The same as JSON. Times are in seconds since the epoch."""
    return {
        "dry_run": dry,
        "ledgers": list(places),
        "records": [asdict(row) for row in rows(report, dry=dry)],
        "problems": report.unseen,
    }


def print_page(report: Report, places: Sequence[str], *, dry: bool) -> None:
    """Print the table, or that there is nothing."""
    from runner.cli.slo.page import Page
    from runner.cli.slo.tables import facts, table

    page = Page()
    found = rows(report, dry=dry)
    if not found:
        where = " and ".join(places)
        page.print(f"Nothing to recover in {where}" if places else "No ledger, so nothing is known to recover")
        return
    made = table(("FAULT", "left"), ("TARGET", "left"), ("RUN", "left"), ("NOW", "left"), ("WHY", "left"))
    made.columns[2].no_wrap = True  # to be copied whole
    for row in found:
        made.add_row(*map(printable, (row.fault, row.target, row.run, row.done, row.why)))
    page.print(made)
    if problems := [(row.id, printable(row.problem)) for row in found if row.problem]:
        page.print("", facts(problems))


def _after(outcome: Outcome) -> Row:
    return _row(outcome.record, _DONE[outcome.result], outcome.why, outcome.problem)


def _before(decision: Decision, *, dry: bool) -> Row:
    done = "STUCK" if decision.record.state == "stuck" and not dry else (_WOULD if dry else _LEFT)[decision.doing]
    return _row(decision.record, done, decision.why, decision.record.reason)


def _row(record: Record, done: str, why: str, problem: str) -> Row:
    return Row(
        record.id,
        record.run,
        record.fault,
        str(record.target),
        record.state,
        done,
        why,
        problem,
        record.expires_at,
    )
