"""What an SLO's rules must give for a timeline: worked out from the SLO's declaration, by addition and comparison.

Where two right answers are possible, none is predicted: a burn rate within a percent of its threshold, slices that a
query may or may not have noticed yet, long windows that are an evaluation older or not than the alert that reads them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from slos.burn import Counts, burn_rate
from slos.model import CalendarWindow, RawRatio, Slo
from slos.promql.language import has_window
from slos.rules_test.timeline import Extent, Timeline
from slos.tiers import HOUR, SLICE_SECONDS, TIERS, Tier, TierName

STRAIGHT_SECONDS = 6 * HOUR
"""Windows up to this are counted from raw series up to the moment; longer ones in whole slices."""
_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class Alerts:
    """What fires at `at` (seconds): yes or no for each tier and the absent SLI; what is not predicted is missing."""

    at: float
    tiers: dict[TierName, bool]
    absent: bool | None


class Prediction:
    """The rules of one SLO over one timeline, evaluated at `times` (seconds from the start, in order)."""

    def __init__(self, slo: Slo, timeline: Timeline, times: Sequence[float], calendar_start: float = 0.0) -> None:
        self._slo = slo
        self._timeline = timeline
        self._times = times
        self._calendar_start = calendar_start
        indicator = slo.indicator
        self._is_ratio_over_a_window = isinstance(indicator, RawRatio) and has_window(indicator.query)

    def counts(self, seconds: float, at: float) -> Extent | None:
        """What a window that ends at a time holds; None where there are no data."""
        end = at if seconds <= STRAIGHT_SECONDS else at // SLICE_SECONDS * SLICE_SECONDS
        return self._counts(end - seconds, end)

    def whole(self, at: float) -> Extent | None:
        """What the SLO's whole window holds."""
        if not isinstance(self._slo.window, CalendarWindow):
            return self.counts(self._slo.window.seconds, at)
        return self._counts(self._calendar_start, at // SLICE_SECONDS * SLICE_SECONDS)

    def alerts(self) -> list[Alerts]:
        """What fires at each of the times."""
        variants = [
            {tier.name: self._tier_fires(tier, most, late) for tier in TIERS if tier.name in self._slo.alerting.tiers}
            for most, late in product((False, True), (False, True))
        ]
        noticed = (self._timeline.cell_seconds, -self._timeline.lag_seconds)
        absent = [self._fires(self._gone(seconds), self._absent_for()) for seconds in noticed]
        found = []
        for index, at in enumerate(self._times):
            tiers: dict[TierName, bool] = {}
            for name in variants[0]:
                answers = {variant[name][index] for variant in variants}
                if len(answers) == 1:
                    tiers[name] = answers.pop()
            gone = {one[index] for one in absent}
            found.append(Alerts(at, tiers, gone.pop() if len(gone) == 1 else None))
        return found

    def _counts(self, start: float, end: float) -> Extent | None:
        found = self._timeline.between(start, end)
        if found is None or end - start > STRAIGHT_SECONDS or not self._is_ratio_over_a_window:
            return found
        slices = (end - start) / SLICE_SECONDS
        if self._timeline.exact_throughout and not self._timeline.throughout(start, end):
            return replace(found, least=Counts(0.0, slices), most=Counts(slices, slices), uniform=False)
        # Such a ratio does not say how much of the window has data: it counts for all of it.
        slices = slices if found.most.total else 0.0
        least, most = (Counts((counts.error_ratio or 0.0) * slices, slices) for counts in (found.least, found.most))
        return replace(found, least=least, most=most)

    def _tier_fires(self, tier: Tier, most: bool, late: bool) -> list[bool]:
        conditions = []
        for index, at in enumerate(self._times):
            read_at = self._times[max(index - 1, 0)] if late and tier.long_seconds > STRAIGHT_SECONDS else at
            burning = self._burns(tier, tier.long_seconds, read_at, most) and self._burns(
                tier, tier.short_seconds, at, most
            )
            conditions.append(burning and self._enough(tier, at, most))
        return self._fires(conditions, self._slo.alerting.tiers[tier.name].for_seconds)

    def _burns(self, tier: Tier, seconds: float, at: float, most: bool) -> bool:
        window = self.counts(seconds, at)
        if window is None:
            return False
        ratio = (window.most if most else window.least).error_ratio
        if ratio is None:
            return False
        leaning = 1 + _TOLERANCE if most else 1 - _TOLERANCE
        return burn_rate(ratio * leaning, self._slo.objective) > tier.factor(self._slo.window.seconds)

    def _enough(self, tier: Tier, at: float, most: bool) -> bool:
        if self._slo.minimum_events <= 0:
            return True
        window = self.counts(tier.short_seconds, at)
        leaning = 1 + 5 * _TOLERANCE if most else 1 - 5 * _TOLERANCE
        return window is not None and window.most.total * leaning >= self._slo.minimum_events

    def _gone(self, earlier_seconds: float) -> list[bool]:
        """Whether there are no data at each of the times: a rate of one sample is none, and one may last longer."""
        return [self._timeline.between(at - SLICE_SECONDS + earlier_seconds, at) is None for at in self._times]

    def _absent_for(self) -> float:
        absent = self._slo.alerting.absent
        return absent.for_seconds if absent else 0.0

    def _fires(self, conditions: Sequence[bool], for_seconds: float) -> list[bool]:
        """Which of the evaluations find the alert firing: its condition has held for so long without a break."""
        return list(self._held(conditions, for_seconds))

    def _held(self, conditions: Sequence[bool], for_seconds: float) -> Iterator[bool]:
        since: float | None = None
        for at, holds in zip(self._times, conditions, strict=True):
            since = (at if since is None else since) if holds else None
            yield since is not None and at - since >= for_seconds
