"""How many events of a window were bad, and how many there were: PromQL straight over an indicator's own series.

Every expression gives one series without labels, or none where nothing is known: no total, no counts. A counter of
errors that does not exist (yet) is no bad event; an expression of several counters from which one is missing is not
known, and then neither is the total. A number of bad events never exceeds that of all, and NaN is dropped, as is
a total without end: one such slice would weigh more than all others.
"""

import re
from dataclasses import dataclass

from slos.duration import scaled
from slos.model import Comparison, EventRatio, GaugeThreshold, Indicator, LatencyThreshold, RawRatio
from slos.promql.counting import counts_expression
from slos.promql.language import at_window, has_window, histogram_buckets
from slos.promql.presence import presence
from slos.rules.literals import number
from slos.rules.slices import tiled
from slos.tiers import MINUTE, SLICE_SECONDS

RAW_SLICE_SECONDS = MINUTE
"""How often a raw ratio of the moment is looked at."""

_ONE_CALL = re.compile(r"sum\(increase\([^()]*\)\)")
"""What a plain counter becomes; it needs no parentheses."""
_FAILS_WHEN: dict[Comparison, str] = {"lt": ">=", "lte": ">", "gt": "<=", "gte": "<"}
_WORST: dict[Comparison, str] = {"lt": "max", "lte": "max", "gt": "min", "gte": "min"}
"""Which of several values is the worst: a query gives one series, and where it gives more no bad one is hidden."""


@dataclass(frozen=True, slots=True)
class CountExpressions:
    """PromQL for the bad events and all events of one window."""

    bad: str
    total: str


def counts(
    indicator: Indicator, seconds: float, time_scale: float = 1.0, known_total: str | None = None
) -> CountExpressions:
    """The counts of the last `seconds` (as declared; `time_scale` divides them).

    Events are counted as events. A raw ratio counts slices of 5 m (over a window) or of 1 m (of the moment); a gauge
    threshold counts its own slices. `known_total` is a selector of one series that has the value of `total` at the same
    moment: `bad` then reads it there, and does not count the total again.

    Raises PromqlError for a query of which no events can be counted.
    """
    match indicator:
        case EventRatio():
            return _events(indicator, scaled(seconds, time_scale), known_total)
        case LatencyThreshold():
            within, count = histogram_buckets(indicator.histogram, indicator.threshold)
            return _events(EventRatio(total=count, good=within), scaled(seconds, time_scale), known_total)
        case RawRatio():
            return _raw(indicator, seconds, time_scale, known_total)
        case GaugeThreshold():
            return _gauge(indicator, seconds, time_scale)


def _events(ratio: EventRatio, window: float, known_total: str | None) -> CountExpressions:
    """The scalar of a total that is absent is NaN, so that bad events without one are dropped with it."""
    total = _operand(counts_expression(ratio.total, window))
    limit = f"scalar({known_total or total})"
    if ratio.bad is None:
        good = _operand(counts_expression(ratio.good or "", window))
        bad = f"clamp_min({limit} - (({good} or vector(0)) < +Inf), 0) >= 0"
        return CountExpressions(bad, f"{total} >= 0 < +Inf")
    bad = _operand(counts_expression(ratio.bad, window))
    if presence(ratio.bad).of_one_counter:
        return CountExpressions(f"clamp_max({bad} or vector(0), {limit}) >= 0", f"{total} >= 0 < +Inf")
    # A difference whose bucket edge is gone is not 0: that would be health made of missing data. So would be events of
    # which the bad ones are missing, in the sum of a long window: both are there, or none.
    known = total if presence(ratio.bad).implied_by(presence(ratio.total)) else f"({total} and on () {bad})"
    return CountExpressions(f"clamp({bad}, 0, {limit}) >= 0", f"{known} >= 0 < +Inf")


def _operand(expression: str) -> str:
    return expression if _ONE_CALL.fullmatch(expression) else f"({expression})"


def _raw(ratio: RawRatio, seconds: float, time_scale: float, known_total: str | None) -> CountExpressions:
    """NaN is what a ratio without traffic gives: slices in which nothing happened, which is neither absent nor bad."""
    value = f"max({at_window(ratio.query, scaled(seconds, time_scale)).strip()})"
    if has_window(ratio.query):
        slices = number(seconds / SLICE_SECONDS)
        total = f"{slices} * ({value} >= bool -Inf)"
        bad = f"({slices} * clamp({value}, 0, 1) >= 0)"
    else:
        tiles = tiled(seconds, RAW_SLICE_SECONDS, time_scale)
        total = f"sum_over_time(({value} >= bool -Inf){tiles})"
        bad = f"sum_over_time((clamp({value}, 0, 1) >= 0){tiles})"
    return CountExpressions(f"{bad} or 0 * max({known_total or total})", total)


def _gauge(gauge: GaugeThreshold, seconds: float, time_scale: float) -> CountExpressions:
    """A comparison with -Inf drops NaN, which compares with nothing and so would never be bad."""
    query = at_window(gauge.query, scaled(gauge.slice_seconds, time_scale)).strip()
    value = f"({_WORST[gauge.comparison]}({query}) >= -Inf)"
    failing = f"({value} {_FAILS_WHEN[gauge.comparison]} bool {number(gauge.value)})"
    slices = tiled(seconds, gauge.slice_seconds, time_scale)
    # A window shorter than a slice may hold the end of none: then nothing was read, which is not absence.
    quiet = f" or 0 * {value}" if seconds < gauge.slice_seconds else ""
    return CountExpressions(f"sum_over_time({failing}{slices}){quiet}", f"count_over_time({value}{slices}){quiet}")
