"""Coverage as a page, and as JSON."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.cells import cell_len
from rich.console import RenderableType
from rich.text import Text

from runner.alerting.coverage import Coverage, CoverageState, CoveredAlert
from runner.cli.slo.figures import printable
from runner.cli.slo.tables import table
from runner.store.values import AlertTry
from slos.duration import format_duration

_STYLES: Mapping[CoverageState, str] = {"proven": "green", "lost": "bold red", "gone": "bold red"}
_OTHERWISE = "yellow"
_DAY = 86_400.0
WIDE = 116
"""Columns that all of it takes."""


def coverage_page(coverage: Coverage, severity: str, now: float, width: int) -> Iterator[RenderableType]:
    """A row for each alert, and what to do about the rest; with the receiver and the run where there is room."""
    wide = width >= WIDE
    rows = table(
        ("alert", "left"), ("state", "left"), ("runs", "right"), ("fired (predicted)", "right"),
        ("notified (by)", "right"),
        *((("receiver", "left"), ("proven by", "left")) if wide else ()),
    )  # fmt: skip
    names = Counter(one.alert for one in coverage.alerts)
    titles = [
        printable(one.alert if names[one.alert] == 1 else f"{one.alert} ({one.slo or 'no SLO'})")
        for one in coverage.alerts
    ]
    # A name is copied and searched for, so it stays in one piece, and whatever is beside it gives way.
    rows.columns[0].no_wrap, rows.columns[0].min_width = True, max(map(cell_len, titles), default=None)
    for title, one in zip(titles, coverage.alerts, strict=True):
        last = one.last_proven
        cells: list[str | Text] = [
            title,
            Text(_state(one, now), style=_STYLES.get(one.state, _OTHERWISE)),
            f"{one.proven}/{one.tries}" if one.tries else "-",
            _fired(last),
            _notified(last),
        ]
        where = [printable(last.timeline.receiver) if last else "-", last.run_id if last else "-"]
        rows.add_row(*cells, *(where if wide else ()))
    yield rows
    yield Text("")
    yield Text(f"{coverage.covered} of {len(coverage.alerts)} alerts of severity {severity} are proven.", style="bold")
    for one in coverage.alerts:
        if remark := _remark(one):
            yield Text(printable(f"{one.alert}: {remark}"))
    for name in coverage.untold:
        yield Text(printable(f"{name}: its severity is a template, so it cannot be told whether it is one of them"))


def coverage_document(coverage: Coverage) -> dict[str, Any]:
    """The same for machines; times are in UTC, durations in seconds."""
    return {
        "covered": coverage.covered,
        "whole": coverage.whole,
        "alerts": [_document(one) for one in coverage.alerts],
        "severity_is_a_template": list(coverage.untold),
    }


def predicted(proof: AlertTry) -> float | None:
    """Seconds from the fault until the alert had to fire, by the mathematics of burn rates."""
    fault = proof.timeline.at("fault")
    at = proof.timeline.predicted_at
    return None if fault is None or at is None else at - fault


def _remark(one: CoveredAlert) -> str:
    if one.problem:
        return f"its rule fails in Prometheus: {one.problem}"
    if one.state == "gone":
        return "a run proved it, and Prometheus has no such rule (any more): was it deleted or renamed?"
    last = one.last
    if last is None or last.timeline.outcome == "proven":
        return ""
    where = f" at stage {last.timeline.lost_at}" if last.timeline.lost_at else ""
    outcome = "lost it" if last.timeline.outcome == "lost" else "could not tell"
    return f"run {last.run_id} {outcome}{where}: {last.timeline.reason}"


def _document(one: CoveredAlert) -> dict[str, Any]:
    return {
        "alert": one.alert,
        "slo": one.slo,
        "severity": one.severity,
        "state": one.state,
        "covered": one.covered,
        "tiers": list(one.tiers),
        "tries": one.tries,
        "proven": one.proven,
        "problem": one.problem,
        "last_proven": _try(one.last_proven),
        "last": _try(one.last),
    }


def _try(one: AlertTry | None) -> dict[str, Any] | None:
    if one is None:
        return None
    timeline = one.timeline
    return {
        "run_id": one.run_id,
        "title": one.title,
        "at": datetime.fromtimestamp(one.at, UTC).isoformat(timespec="seconds"),
        "outcome": timeline.outcome,
        "lost_at": timeline.lost_at,
        "reason": timeline.reason,
        "receiver": timeline.receiver,
        "evidence": timeline.evidence,
        "fired_after_seconds": timeline.after_fault("firing"),
        "notified_after_seconds": timeline.after_fault("notified"),
        "predicted_after_seconds": predicted(one),
    }


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


def _fired(proof: AlertTry | None) -> str:
    if proof is None:
        return "-"
    expected = predicted(proof)
    told = _seconds(proof.timeline.after_fault("firing"))
    return told if expected is None else f"{told} ({_seconds(expected)})"


def _notified(proof: AlertTry | None) -> str:
    """When, and by which evidence: a sink saw the page arrive, Alertmanager's counters that something did."""
    return "-" if proof is None else f"{_seconds(proof.timeline.after_fault('notified'))} ({proof.timeline.evidence})"


def _state(one: CoveredAlert, now: float) -> str:
    """With the age of the proof, in one unit."""
    if one.last_proven is None or one.state not in ("proven", "old"):
        return one.state
    age = max(now - one.last_proven.at, 1.0)
    unit = _DAY if age >= 2 * _DAY else 3600 if age >= 7200 else 60 if age >= 120 else 1
    return f"{one.state} {format_duration(age // unit * unit)} ago"
