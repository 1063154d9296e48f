"""The series that are recorded of an SLO: counts and burn rates per window, the budget left, and what was declared."""

import re
from collections.abc import Iterable

from slos.definition import definition
from slos.model import CalendarWindow, EventRatio, GaugeThreshold, Indicator, LatencyThreshold, RawRatio, Slo
from slos.rules.calendar import longest_seconds, start_series
from slos.rules.counts import counts
from slos.rules.literals import number, recorded
from slos.rules.names import (
    BAD_EVENTS,
    BUDGET_REMAINING,
    BURN_RATE,
    EVENTS,
    INFO,
    OBJECTIVE,
    WINDOW_COVERAGE,
)
from slos.rules.rule import RecordingRule
from slos.rules.slices import tiled
from slos.rules.windows import SLICE, RecordedWindow, period, windows
from slos.tiers import SLICE_SECONDS, TIERS

_NOT_IN_A_LABEL_NAME = re.compile(r"[^a-zA-Z0-9_]")
_INDICATORS: dict[type[Indicator], str] = {
    EventRatio: "events",
    RawRatio: "raw",
    LatencyThreshold: "latency",
    GaugeThreshold: "gauge",
}


def short_rules(slo: Slo, time_scale: float) -> list[RecordingRule]:
    """Windows counted straight from the indicator's series, all burn rates, the budget left, and the declaration."""
    rules = []
    for window in windows(slo.window, time_scale).straight:
        # Rules of a group are evaluated in order: the total of this moment is there when the bad events need it.
        total = recorded(EVENTS, slo.name, window.label)
        expressions = counts(slo.indicator, window.seconds, time_scale, total)
        labels = _labels(slo, window=window.label)
        rules.append(RecordingRule(EVENTS, expressions.total, labels))
        rules.append(RecordingRule(BAD_EVENTS, expressions.bad, labels))
    objective = RecordingRule(OBJECTIVE, f"vector({number(slo.objective)})", _labels(slo))
    return [*rules, _burn(slo), _remaining(slo, time_scale), objective, _info(slo, time_scale)]


def long_rules(slo: Slo, time_scale: float) -> list[RecordingRule]:
    """Windows that are sums of slices, and how much of the SLO's own window has data."""
    rules = [
        RecordingRule(name, _summed(name, slo, window, time_scale), _labels(slo, window=window.label))
        for window in windows(slo.window, time_scale).summed
        for name in (EVENTS, BAD_EVENTS)
    ]
    return [*rules, _coverage(slo, time_scale)]


def info_labels(labels: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A document's labels as labels of the info series: `team` is `label_team`, `app/name` is `label_app_name`.

    Names that become the same share a label; their values are joined by commas.
    """
    found: dict[str, str] = {}
    for name, value in sorted(labels):
        key = "label_" + _NOT_IN_A_LABEL_NAME.sub("_", name)
        found[key] = f"{found[key]},{value}" if key in found else value
    return found


def _labels(slo: Slo, **more: str) -> dict[str, str]:
    return {"slo": slo.name, "service": slo.service, **more}


def _burn(slo: Slo) -> RecordingRule:
    """Every window in one rule; without events there is no burn rate, neither 0 nor NaN.

    Bad events of an earlier evaluation than the total's are none: a rule that fails leaves its last value standing.
    """
    bad, events = recorded(BAD_EVENTS, slo.name), recorded(EVENTS, slo.name)
    ratio = f"{bad} / ({events} > 0) / (1 - {number(slo.objective)})"
    return RecordingRule(BURN_RATE, f"{ratio} and timestamp({bad}) == timestamp({events})", {"slo": slo.name})


def _info(slo: Slo, time_scale: float) -> RecordingRule:
    whole = period(slo, time_scale)
    calendar = whole.calendar
    labels = _labels(
        slo,
        window=whole.label,
        period_seconds=number(whole.seconds),
        minimum_events=number(slo.minimum_events),
        tiers=",".join(tier.name for tier in TIERS if tier.name in slo.alerting.tiers),
        alert=slo.alerting.name,
        indicator=_INDICATORS[type(slo.indicator)],
        calendar=calendar.unit if calendar else "",
        time_zone=calendar.time_zone if calendar else "",
        first=str(calendar.first) if calendar else "",
        definition=definition(slo),
        time_scale=number(time_scale),
    )
    return RecordingRule(INFO, "vector(1)", {**labels, **info_labels(slo.labels.items())})


def _summed(name: str, slo: Slo, window: RecordedWindow, time_scale: float) -> str:
    """The sum of a window's slices: each counted once, weighted by its traffic, whenever the rule is evaluated."""
    return f"sum(sum_over_time({_slices(name, slo, window, time_scale)}))"


def _slices(name: str, slo: Slo, window: RecordedWindow, time_scale: float) -> str:
    """The slices of a window as a subquery; those of a calendar window are the ones that end after its beginning.

    A slice counts where both of its counts are known: one with events of unknown quality would be a good one.
    """
    counted = recorded(name, slo.name, SLICE)
    if name == EVENTS:
        counted = f"({counted} and on () {recorded(BAD_EVENTS, slo.name, SLICE)})"
    if window.calendar is None:
        return counted + tiled(window.seconds, SLICE_SECONDS, time_scale)
    range_and_step = tiled(longest_seconds(window.calendar), SLICE_SECONDS, time_scale)
    start = start_series(window.calendar)
    # The beginning as it was recorded when the slice ended, which is that of the slice's own window: a comparison with
    # the time of each step would hold a sample for all of them, with data or without, and timestamp() would read the
    # series from its start for each. A slice that ends where a window begins belongs to the one before.
    begun = f"({start} offset 1ms == on () {start} @ end())"
    return f"({counted} and on () {begun}){range_and_step}"


def _remaining(slo: Slo, time_scale: float) -> RecordingRule:
    burn = recorded(BURN_RATE, slo.name, period(slo, time_scale).label)
    return RecordingRule(BUDGET_REMAINING, f"1 - max({burn})", _labels(slo))


def _coverage(slo: Slo, time_scale: float) -> RecordingRule:
    """Slices with data of those that the window has (so far, in a calendar window)."""
    window = period(slo, time_scale)
    present = f"sum(count_over_time({_slices(EVENTS, slo, window, time_scale)}))"
    slices = number(max(round(window.seconds / SLICE_SECONDS), 1))
    if window.calendar is not None:
        slices = _slices_so_far(window.calendar)
    return RecordingRule(WINDOW_COVERAGE, f"clamp_max({present} / {slices}, 1) or vector(0)", _labels(slo))


def _slices_so_far(calendar: CalendarWindow) -> str:
    start = f"max({start_series(calendar)})"
    return f"clamp_min(floor((time() - {start}) / {number(SLICE_SECONDS)}), 1)"
