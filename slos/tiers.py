"""The four alert tiers: which windows burn how fast before somebody is told.

Source: The Site Reliability Workbook, chapter 5, "Alerting on SLOs" (multiwindow, multi-burn-rate alerts). For a period
other than 30 days the windows and the budget shares stay and the factors scale with the period.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from slos.duration import format_duration

TierName = Literal["fast-page", "slow-page", "fast-ticket", "slow-ticket"]
Urgency = Literal["page", "ticket"]

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
SLICE_SECONDS = 5 * MINUTE
"""Events are counted per slice; longer windows are sums of slices."""


@dataclass(frozen=True, slots=True)
class Tier:
    """A pair of windows (seconds) and the share of the budget (ratio 0..1) spent in the long one when it fires."""

    name: TierName
    urgency: Urgency
    long_seconds: float
    short_seconds: float
    budget_share: float

    @property
    def long(self) -> str:
        return format_duration(self.long_seconds)

    @property
    def short(self) -> str:
        return format_duration(self.short_seconds)

    def factor(self, period_seconds: float) -> float:
        """The burn rate above which it fires: budget share x period / long window."""
        return self.budget_share * period_seconds / self.long_seconds

    def reachable(self, period_seconds: float, objective: float) -> bool:
        """Whether it can fire at all: an error ratio is at most 1, so no burn rate exceeds 1 / (1 - objective)."""
        return self.factor(period_seconds) * (1 - objective) < 1


TIERS = (
    Tier("fast-page", "page", HOUR, 5 * MINUTE, 0.02),
    Tier("slow-page", "page", 6 * HOUR, 30 * MINUTE, 0.05),
    Tier("fast-ticket", "ticket", DAY, 2 * HOUR, 0.1),
    Tier("slow-ticket", "ticket", 3 * DAY, 6 * HOUR, 0.1),
)
TIER: Mapping[TierName, Tier] = {tier.name: tier for tier in TIERS}
ALERT_WINDOWS = tuple(sorted({seconds for tier in TIERS for seconds in (tier.short_seconds, tier.long_seconds)}))
"""Every window of the tiers, in seconds, from the shortest: 5m 30m 1h 2h 6h 1d 3d."""


def recorded_windows(period_seconds: float) -> tuple[float, ...]:
    """The windows (seconds) that are recorded beside the period itself: those of the tiers that are shorter than it."""
    return tuple(seconds for seconds in ALERT_WINDOWS if seconds < period_seconds)
