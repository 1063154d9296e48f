"""A run, a row of a list, a trend and a comparison as JSON. Times are seconds since the epoch, null is unknown."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from runner.runs.comparing import Fact
from runner.runs.record import RunRecord
from runner.runs.trends import Figure, Trend
from runner.store.values import RunRow, TrendPoint


def run_document(record: RunRecord) -> dict[str, Any]:
    """All of a run, as it is exported."""
    return asdict(record)


def row_document(row: RunRow | TrendPoint) -> dict[str, Any]:
    """What a list, or a trend, knows of a run."""
    values = row._asdict()
    shares: dict[str, Any] = {name: dict(values[name]) for name in ("spent", "limits") if name in values}
    return {**values, **shares, "durations": asdict(row.durations)}


FLAT_COLUMNS = (
    "run_id", "title", "experiment", "tags", "started_at", "ended_at", "verdict", "reason", "dry", "host", "faults",
    "detect_seconds", "page_seconds", "recover_seconds", "spent", "limits", "heard_at",
)  # fmt: skip
"""The columns of `flat_row`."""


def flat_row(row: RunRow) -> Mapping[str, Any]:
    """The same in columns, for CSV; what is a list is joined by blanks, what is unknown is empty."""
    document = row_document(row)
    durations = {f"{name}_seconds": seconds for name, seconds in document.pop("durations").items()}
    spent, limits = (_joined(document.pop(name)) for name in ("spent", "limits"))
    return {**document, "tags": " ".join(row.tags), **durations, "spent": spent, "limits": limits}


def trend_document(trend: Trend) -> dict[str, Any]:
    figures = {name: _figure(getattr(trend, name)) for name in ("detect", "page", "recover", "spent")}
    return {
        "title": trend.title,
        "experiment": trend.experiment,
        "runs": len(trend.points),
        "verdicts": dict(trend.verdicts),
        "held_share": trend.held_share,
        **figures,
        "points": [row_document(point) for point in trend.points],
    }


def fact_document(fact: Fact) -> dict[str, Any]:
    return {**asdict(fact), "same": fact.same, "change": fact.change}


def _figure(figure: Figure) -> dict[str, Any]:
    return {**asdict(figure), "change": figure.change}


def _joined(shares: Mapping[str, float]) -> str:
    return " ".join(f"{slo}={share:.6g}" for slo, share in shares.items())
