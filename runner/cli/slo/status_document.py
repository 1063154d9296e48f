"""SLO statuses as JSON documents."""

import math
from typing import Any

from slos.budget.status import SloStatus


def status_document(status: SloStatus) -> dict[str, Any]:
    """One status for machines: ratios 0..1, seconds, and null for what is not known.

    `seconds_to_exhaustion` is "never" when the budget lasts at this rate, since JSON knows no infinity.
    """
    left = status.seconds_to_exhaustion
    return {
        "slo": status.name,
        "service": status.service,
        "state": status.state,
        "reasons": list(status.reasons),
        "objective": status.objective,
        "window": status.window,
        "period_seconds": status.period_seconds,
        "time_scale": status.time_scale if status.recorded and status.period_seconds is not None else None,
        "sli": status.sli,
        "burn_rate": dict(status.burn),
        "budget_left": status.budget_left,
        "seconds_to_exhaustion": "never" if left is not None and math.isinf(left) else left,
        "window_coverage": status.coverage,
        "burning_tiers": list(status.burning_tiers),
        "alert": status.alert,
        "read_at": status.read_at,
        "recorded": status.recorded,
    }
