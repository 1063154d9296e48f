"""`chaos slo burn --json`: the page for machines. Times are seconds since the epoch, ratios 0..1, null is unknown."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from runner.cli.slo.status_document import status_document
from runner.runs.chaos import Coincidence
from runner.slo.attribution import Attribution
from runner.slo.review import BudgetReview
from slos.budget.review import Burn


def burn_document(found: BudgetReview, beside: Sequence[Sequence[Coincidence]], chaos: Attribution, url: str) -> str:
    """The review as JSON text, with every burn, the budget left after every slice, and what chaos runs spent."""
    reviewed = found.review
    document = {
        "at": found.at,
        "prometheus": url,
        "status": status_document(found.status),
        "slices": {
            "start": reviewed.slices.start,
            "end": reviewed.slices.end,
            "seconds": reviewed.slices.seconds,
            "coverage": reviewed.slices.coverage,
            "budget_left": list(reviewed.left),
        },
        "total_events": reviewed.counts.total,
        "bad_events": reviewed.counts.bad,
        "spent": reviewed.spent,
        "burns": [_burn(burn, runs) for burn, runs in zip(reviewed.burns, beside, strict=True)],
        "between_burns": {"bad_events": reviewed.background.bad, "share": reviewed.background_share},
        "chaos": _chaos(chaos),
    }
    return json.dumps(document, indent=2, allow_nan=False)


def _burn(burn: Burn, runs: Sequence[Coincidence]) -> dict[str, Any]:
    return {
        "start": burn.start,
        "end": burn.end,
        "ongoing": burn.ongoing,
        "seconds": burn.seconds,
        "peak_burn": burn.peak,
        "bad_events": burn.counts.bad,
        "total_events": burn.counts.total,
        "share": burn.share,
        "chaos_runs": [_run(one) for one in runs],
    }


def _run(one: Coincidence) -> dict[str, Any]:
    return {
        "run": one.run.run_id,
        "title": one.run.title,
        "verdict": one.run.verdict,
        "began": one.run.started_at,
        "ended": one.run.ended_at,
        "overlap_seconds": one.overlap_seconds,
        "source": one.run.source,
    }


def _chaos(found: Attribution) -> dict[str, Any]:
    """`assumed` is what runs might have spent beyond what was measured of them."""
    return {
        "window": {**asdict(found.window), "recorded_while_on": found.recorded},
        "month": {"since": found.month_start, **asdict(found.month), "allowed": found.allowed},
        "runs": [
            {
                "run": one.run.run_id,
                "title": one.run.title,
                "verdict": one.run.verdict,
                "began": one.run.started_at,
                "ended": one.run.ended_at,
                **asdict(one.spent),
            }
            for one in found.runs
        ],
    }
