"""A report as JSON: the run as it is kept, and what the report makes of it. Pure."""

import json
from dataclasses import asdict
from typing import Any

from runner.report.model import Report
from runner.runs.documents import run_document


def as_json(report: Report) -> str:
    """The document. Times are seconds since the epoch, shares 0..1, null is unknown."""
    return json.dumps(report_document(report), indent=2, allow_nan=False)


def report_document(report: Report) -> dict[str, Any]:
    """`run` is what `chaos runs show --json` prints, made harmless; the rest is what the page says."""
    return {
        "verdict": report.headline.verdict,
        "reason": report.headline.reason,
        "meaning": report.headline.meaning,
        "made_at": report.made_at,
        "moments": asdict(report.moments),
        "targets": [asdict(row) for row in report.targets],
        "error_budget": [{**asdict(row), "used": row.used, "exceeded": row.exceeded} for row in report.budgets],
        "alerts": [asdict(card) for card in report.alerts],
        "unexpected_pages": [asdict(stray) for stray in report.strays],
        "evidence": report.evidence,
        "next": [asdict(one) for one in report.advice],
        "chronology": [asdict(one) for one in report.happenings],
        "warnings": list(report.warnings),
        "run": run_document(report.record),
    }
