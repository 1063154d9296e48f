"""The situations that every SLO's rules are tried in."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from slos.model import CalendarWindow, EventRatio, GaugeThreshold, Indicator, LatencyThreshold, RollingWindow, Slo
from slos.promql.counting import counter_query
from slos.promql.language import parse
from slos.promql.presence import presence
from slos.rules_test.evaluate import Steady, evaluate, single
from slos.rules_test.inputs import Inputs
from slos.rules_test.prediction import STRAIGHT_SECONDS
from slos.rules_test.timeline import Segment
from slos.tiers import DAY, HOUR, MINUTE, SLICE_SECONDS, TIERS, Tier, recorded_windows

Source = Literal["raw", "recorded", "history"]
"""What a test is fed with: raw series; recorded slices; or both, so that days of history cost little."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One situation. Without `errors_exist` the series of bad events is not there at all.

    `every` is how often the rules are evaluated (declared seconds). `values_at_end`: counts and burn rates are compared
    then, those of the SLO's whole window only with `whole_window`: no alert reads it, and it is what costs promtool
    time. `must` names what the scenario is about: alerts (tiers) that have to fire in it at some time.
    """

    name: str
    segments: tuple[Segment, ...]
    source: Source = "raw"
    every: float = SLICE_SECONDS / 2
    few_events: bool = False
    errors_exist: bool = True
    series_exist: bool = True
    values_at_end: bool = False
    whole_window: bool = False
    must: tuple[str, ...] = field(default=())


ABSENT = "absent"
_BESIDE_AN_EDGE = 2 * HOUR
_PROMTOOL_SAMPLES = 10_000
"""How many samples promtool's unit tests keep for one query."""


def scenarios(slo: Slo, inputs: Inputs) -> Iterator[Scenario]:
    """Every scenario that means something for `slo` and its input series."""
    found = _scenarios(slo, inputs)
    yield from map(_one_step_in_a_slice, found) if inputs.counts_steps else found


def _scenarios(slo: Slo, inputs: Inputs) -> Iterator[Scenario]:
    counts = isinstance(slo.indicator, (EventRatio, LatencyThreshold))
    well = _healthy_ratio(slo)
    tiers = [tier for tier in TIERS if tier.name in slo.alerting.tiers]
    yield _with_values(slo, "healthy", Segment(7 * HOUR, well), source="history", every=HOUR)
    if counts and not all(series.healthy for series in inputs.series) and _known_without_errors(slo.indicator, inputs):
        yield _with_values(slo, "no-errors-yet", Segment(10 * MINUTE), errors_exist=False)
    if tiers:
        yield from _burning(slo, tiers, well, inputs)
    before = Segment(10 * MINUTE, well)
    if inputs.quiet:
        yield _with_values(slo, "no-traffic", before, Segment(15 * MINUTE, traffic=0))
    if any(series.counter for series in inputs.series):
        yield _with_values(slo, "counter-reset", before, Segment(10 * MINUTE, well, restarted=True))
    if counts and slo.minimum_events > 0 and tiers:
        yield Scenario("too-few-events", (Segment(20 * MINUTE, 1.0),), every=SLICE_SECONDS, few_events=True)
    yield from _absent(slo, well)
    if slo.window.seconds > STRAIGHT_SECONDS and unproven(slo) is None:
        yield _whole_window(slo)


def _known_without_errors(indicator: Indicator, inputs: Inputs) -> bool:
    """Whether the bad events are known before any series of them is there: those of several counters may not be."""
    if not isinstance(indicator, EventRatio) or indicator.bad is None or presence(indicator.bad).of_one_counter:
        return True
    there = [Steady(series.labels, series.healthy) for series in inputs.series if series.healthy]
    return single(evaluate(parse(counter_query(indicator.bad).over(SLICE_SECONDS)), there, 0)) is not None


def _one_step_in_a_slice(scenario: Scenario) -> Scenario:
    """For a query that counts the steps of a subquery, which promtool puts where it evaluates.

    The 5m before an evaluation then hold no other step, so that they are data or are none as a whole, whatever the
    version says of a range's left end. Every other slice is recorded: sums over the whole window are not compared.
    """
    if scenario.source != "raw":
        return scenario
    every = max(scenario.every, 2 * SLICE_SECONDS)
    segments = tuple(replace(segment, seconds=-(-segment.seconds // every) * every) for segment in scenario.segments)
    return replace(scenario, every=every, segments=segments, whole_window=False)


def unproven(slo: Slo) -> str | None:
    """What of an SLO's rules promtool cannot be asked; None if there is nothing."""
    if isinstance(slo.window, CalendarWindow) and slo.window.seconds / SLICE_SECONDS > _PROMTOOL_SAMPLES:
        return f"the sums over its whole {slo.window.unit}, which have more slices than promtool keeps samples"
    return None


def _with_values(slo: Slo, name: str, *segments: Segment, **more: Any) -> Scenario:
    """A calendar window's sums take promtool a second per evaluation: they have a scenario of their own."""
    rolling = not isinstance(slo.window, CalendarWindow)
    return Scenario(name, segments, values_at_end=True, whole_window=rolling, **more)


def _absent(slo: Slo, well: float) -> Iterator[Scenario]:
    patience = _slices(slo.alerting.absent.for_seconds if slo.alerting.absent else 0) + 15 * MINUTE
    must = (ABSENT,) if slo.alerting.absent else ()
    gone = Segment(patience, present=False)
    yield Scenario("absent", (Segment(15 * MINUTE, well), gone), every=SLICE_SECONDS, must=must)
    yield Scenario("never-seen", (gone,), every=SLICE_SECONDS, series_exist=False, must=must)


def _whole_window(slo: Slo) -> Scenario:
    """A whole window of uneven history: what is older is far worse, and an hour has no traffic at all.

    There are data on both sides of where each window begins, and none in between: promtool keeps 10,000 samples.
    """
    budget = 1 - slo.objective
    windows = [seconds for seconds in recorded_windows(slo.window.seconds) if seconds > STRAIGHT_SECONDS]
    edges = sorted({*windows, whole_seconds(slo)}, reverse=True)
    mixture = ((4.0, 0.2), (2.0, 0.6), (3.0, 0.4))[-len(edges) :]
    segments = [Segment(_BESIDE_AN_EDGE, 1.0, 7.0)]
    for edge, following, (traffic, burn) in zip(edges, [*edges[1:], HOUR], mixture, strict=True):
        beside = Segment(_BESIDE_AN_EDGE, burn * budget, traffic)
        gap = Segment(edge - following - 2 * _BESIDE_AN_EDGE, present=False)
        segments += [beside, gap, beside]
    segments.append(Segment(HOUR, traffic=0))
    total = sum(segment.seconds for segment in segments)
    return Scenario(
        "whole-window", tuple(segments), source="recorded", every=total, values_at_end=True, whole_window=True
    )


@dataclass(frozen=True, slots=True)
class NominalWindow(RollingWindow):
    """A calendar window under a time scale: calendars do not run faster, so that it is the last so many seconds."""

    unit: str

    @property
    def label(self) -> str:
        return self.unit


def whole_seconds(slo: Slo) -> float:
    """How much of the SLO's window a test fills: a calendar window is 20 days (or 5) old."""
    if isinstance(slo.window, CalendarWindow):
        return 5 * DAY if slo.window.unit == "week" else 20 * DAY
    return slo.window.seconds


def calendar_start(scenario: Scenario, slo: Slo) -> float:
    """When a calendar window begins in a test, in seconds from its start."""
    if scenario.source != "recorded":
        return 0.0
    return sum(segment.seconds for segment in scenario.segments) - whole_seconds(slo)


def _burning(slo: Slo, tiers: list[Tier], well: float, inputs: Inputs) -> Iterator[Scenario]:
    fastest = max(tiers, key=lambda tier: _threshold(slo, tier))
    burst = min(2 * _threshold(slo, fastest), (1 + _threshold(slo, fastest)) / 2)
    if isinstance(slo.indicator, GaugeThreshold):
        burst = 1.0
    hold = max(alert.for_seconds for alert in slo.alerting.tiers.values())
    yield Scenario(
        "fast-burn",
        (
            Segment(30 * MINUTE, well),
            Segment(HOUR + _filling(fastest, inputs) + _slices(hold), burst),
            Segment(45 * MINUTE),
        ),
        every=SLICE_SECONDS,
        must=(fastest.name,),
    )
    for tier in tiers:
        threshold = _threshold(slo, tier)
        above = min(1.03 * threshold, (1 + threshold) / 2)
        length = HOUR if isinstance(slo.indicator, GaugeThreshold) else 15 * MINUTE
        steady = length + _filling(tier, inputs) + _slices(slo.alerting.tiers[tier.name].for_seconds)
        exact = above / threshold > 1.02 and not isinstance(slo.indicator, GaugeThreshold)
        yield Scenario(
            f"above-{tier.name}", (Segment(steady, above),), every=SLICE_SECONDS, must=(tier.name,) if exact else ()
        )
        yield Scenario(f"below-{tier.name}", (Segment(steady, 0.97 * threshold),), every=SLICE_SECONDS)
    slow = [tier for tier in tiers if tier.long_seconds > STRAIGHT_SECONDS]
    if slow:
        yield _slow_burn(slo, slow)


def _filling(tier: Tier, inputs: Inputs) -> float:
    """How long it takes until the windows that a tier reads from raw series are exact: most are from the start."""
    if not inputs.counts_steps:
        return 0.0
    return max(seconds for seconds in (tier.long_seconds, tier.short_seconds) if seconds <= STRAIGHT_SECONDS)


def _slow_burn(slo: Slo, slow: list[Tier]) -> Scenario:
    """A day of health, then a burn that takes hours to be noticed, then health again."""
    thresholds = [_threshold(slo, tier) for tier in slow]
    ratio = 1.0 if isinstance(slo.indicator, GaugeThreshold) else min(4 * max(thresholds), (1 + max(thresholds)) / 2)
    hours = max(tier.long_seconds * threshold / ratio for tier, threshold in zip(slow, thresholds, strict=True))
    hold = max(slo.alerting.tiers[tier.name].for_seconds for tier in slow)
    burn = -(-(1.25 * hours + hold + 2 * HOUR) // (2 * HOUR)) * 2 * HOUR
    segments = (Segment(30 * HOUR), Segment(burn, ratio), Segment(10 * HOUR))
    return Scenario("slow-burn", segments, source="history", every=2 * HOUR, must=tuple(tier.name for tier in slow))


def _threshold(slo: Slo, tier: Tier) -> float:
    """The error ratio above which a tier fires."""
    return tier.factor(slo.window.seconds) * (1 - slo.objective)


def _healthy_ratio(slo: Slo) -> float:
    """Half of what the most sensitive tier, and the budget, allow; slices of time are all good."""
    if isinstance(slo.indicator, GaugeThreshold):
        return 0.0
    factors = [tier.factor(slo.window.seconds) for tier in TIERS if tier.name in slo.alerting.tiers]
    return 0.5 * min(1.0, *factors) * (1 - slo.objective) if factors else 0.5 * (1 - slo.objective)


def _slices(seconds: float) -> float:
    """Rounded up to whole slices."""
    return -(-seconds // SLICE_SECONDS) * SLICE_SECONDS
