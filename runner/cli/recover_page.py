"""What `chaos recover` prints: a block for each record for people, a row for machines."""

import sys
import textwrap
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import click

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
    "later": "undone, second look pending",
    "leave": "left to its run",
    "rest": "STUCK",
    "undo": "left",
    "verify": "undone, second look pending",
}
_NO_LEDGER = (
    "NO LEDGER ASKED: no cluster is named (KUBECONFIG is not set) and there is no ledger on this machine, so there may "
    'be faults. Set KUBECONFIG (in the lab: eval "$(chaos lab env)"), or MLCHAOS_LEDGER=local'
)
_NO_CLUSTER = "No cluster was asked (KUBECONFIG is not set): faults there are not known here"
_WOULD = _LEFT | {"undo": "would be undone", "verify": "undone, would be forgotten"}


@dataclass(frozen=True, slots=True)
class Asked:
    """The ledgers that opened, those that could not be asked, and whether a cluster was left out: nobody named one."""

    places: tuple[str, ...]
    unread: tuple[str, ...] = ()
    no_cluster: bool = False

    @property
    def nobody(self) -> bool:
        """There was no ledger to ask at all, and no reason to believe that there are no faults."""
        return self.no_cluster and not self.places and not self.unread

    @property
    def unasked(self) -> str:
        """What was left out, for people; empty where nothing was."""
        return _NO_LEDGER if self.nobody else _NO_CLUSTER if self.no_cluster else ""


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
    intended_at: float
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


def document(report: Report, asked: Asked, *, dry: bool) -> dict[str, Any]:
    """The same as JSON. Times are in seconds since the epoch."""
    return {
        "dry_run": dry,
        "ledgers": list(asked.places),
        "unread": list(asked.unread),
        "not_asked": asked.unasked,
        "records": [asdict(row) for row in rows(report, dry=dry)],
        "problems": [*report.unseen, *([asked.unasked] if asked.nobody else [])],
    }


def print_page(report: Report, asked: Asked, *, dry: bool, run_id: str = "") -> None:
    """Print a block for each record, or that there is nothing, but only where that is known."""
    found = rows(report, dry=dry)
    for row in found:
        _print_row(row)
    where = " and ".join(asked.places)
    if asked.unread:
        _print(f"UNKNOWN: {' and '.join(asked.unread)} could not be asked, so there may be faults there")
    elif report.unseen and not found:
        _print(f"UNKNOWN: {where} could be read only in part, so there may be faults there")
    elif not found and asked.places:
        _print(f"Run {run_id} has no faults in {where}" if run_id else f"Nothing to recover in {where}")
    elif not found and not asked.no_cluster:
        _print("Nothing to recover: there is no ledger on this machine, and MLCHAOS_LEDGER says to ask no other")
    if asked.unasked:
        _print(asked.unasked)


def _print_row(row: Row) -> None:
    from runner.cli.slo.page import Page

    begun = f"{datetime.fromtimestamp(row.intended_at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    lines = [f"{row.done}   {row.fault} on {row.target}", f"  run {row.run}, begun {begun}; {row.why}"]
    if row.problem:
        lines.append(f"  {row.problem}")
    width = Page().width
    for line in lines:
        _print(textwrap.fill(line, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False))


def _print(text: str) -> None:
    """On standard output: names from elsewhere do not steer the terminal, what it cannot show is a question mark."""
    encoding = sys.stdout.encoding or "ascii"
    for line in text.split("\n"):
        click.echo(printable(line).encode(encoding, "replace").decode(encoding))


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
        record.intended_at,
        record.expires_at,
    )
