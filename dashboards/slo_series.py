"""PromQL over the series that `chaos slo rules` records (docs/slo-rules.md)."""

from collections.abc import Callable

from slos.rules import names
from slos.tiers import DAY, TIER, TierName

PERIODS = (7 * DAY, 14 * DAY, 28 * DAY, 30 * DAY, 90 * DAY, 91 * DAY)
"""Lengths of an SLO's window (seconds) for which an alert's factor can be drawn: PromQL cannot take a number out of a
label, so each length is a query of its own. 91 days are a quarter."""
SCALES = (60,)
"""Time scales other than 1 that are known: the lab's."""


def burn(window: str, matchers: str) -> str:
    """How many times too fast the budget was spent over a window."""
    return f'max by (slo) ({names.BURN_RATE}{{{matchers},window="{window}"}})'


def budget_left(matchers: str) -> str:
    return f"max by (slo) ({names.BUDGET_REMAINING}{{{matchers}}})"


def alert_factor(tier: TierName, matchers: str) -> str:
    """The burn rate above which a tier fires, for SLOs that have it switched on."""
    return _by_period(TIER[tier].factor, f'{matchers},tiers=~"(.*,)?{tier}(,.*)?"')


def seconds_left(matchers: str) -> str:
    """Until the budget is gone, if it burns on as in the last hour; nothing where it does not burn."""
    left = f"clamp_min({budget_left(matchers)}, 0)"
    return f"{left} / ({burn('1h', matchers)} > 0) * ({_by_period(float, matchers)}) / ({_time_scale(matchers)})"


def _by_period(figure: Callable[[float], float], matchers: str) -> str:
    """A figure that depends on the length of an SLO's window."""
    known = (
        f'max by (slo) ({names.INFO}{{{matchers},period_seconds="{period:.0f}"}}) * {figure(period):.6g}'
        for period in PERIODS
    )
    return " or ".join(known)


def _time_scale(matchers: str) -> str:
    known = " or ".join(f'max by (slo) ({names.INFO}{{{matchers},time_scale="{scale}"}}) * {scale}' for scale in SCALES)
    return f"{known} or max by (slo) ({names.INFO}{{{matchers}}})"
