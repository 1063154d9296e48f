"""`chaos slo backtest --json`. Times are seconds since the epoch, ratios 0..1, null is unknown."""

from collections.abc import Sequence
from typing import Any

from runner.slo.backtest import Span, Tried
from slos.budget.backtest import Backtest, Firing


def backtest_document(tried: Sequence[Tried], asked: Span, url: str) -> dict[str, Any]:
    """Every SLO with every alert."""
    return {
        "prometheus": url,
        "start": asked.since,
        "end": asked.end,
        "resolution_seconds": asked.real_step,
        "time_scale": asked.time_scale,
        "slos": [_slo(one) for one in tried],
    }


def _slo(tried: Tried) -> dict[str, Any]:
    slo = tried.slo
    return {
        "slo": slo.name,
        "service": slo.service,
        "window": slo.window.label,
        "objective": slo.objective,
        "coverage": tried.results[0].coverage if tried.results else 0.0,
        "results": [_result(result) for result in tried.results],
    }


def _result(result: Backtest) -> dict[str, Any]:
    lowest = result.lowest
    return {
        "objective": result.objective,
        "alerts": [_alert(firing) for firing in result.firings],
        "unreachable_tiers": list(result.unreachable),
        "bad_events": result.counts.bad,
        "total_events": result.counts.total,
        "budget_left": result.left,
        "window_read": result.window_read,
        "counted_since": result.counted_since,
        "lowest": None if lowest is None else {"budget_left": lowest.left, "at": lowest.at},
    }


def _alert(firing: Firing) -> dict[str, Any]:
    return {
        "tier": firing.tier,
        "severity": firing.severity,
        "start": firing.start,
        "end": firing.end,
        "ongoing": firing.ongoing,
        "seconds": firing.end - firing.start,
        "budget_spent": firing.spent,
    }
