"""Which raw series make an SLO's queries say what a test wants them to say."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from typing import TYPE_CHECKING

from slos.duration import scaled
from slos.model import EventRatio, GaugeThreshold, Indicator, LatencyThreshold, RawRatio
from slos.promql.counting import counter_query
from slos.promql.language import PromqlError, at_window, histogram_buckets, parse, selectors_in
from slos.rules_test.candidates import candidates
from slos.rules_test.evaluate import (
    COUNTER_FUNCTIONS,
    Steady,
    UnderivableError,
    counts_steps,
    evaluate,
    matches,
    single,
)
from slos.rules_test.gauge_levels import levels
from slos.tiers import SLICE_SECONDS

if TYPE_CHECKING:
    from promql_parser import Expr

_TOLERANCE = 1e-9
_INSTANCE = "instance"

Rates = Mapping[int, float]
"""What series do, by their position."""


@dataclass(frozen=True, slots=True)
class InputSeries:
    """One raw series, and what it does when all is well and when all is bad; in between is a mixture of both.

    A counter counts so many events per second for one event per second of the whole; a gauge has that level, plus
    `ramp` for every second. None: then there is no such series.
    """

    labels: Mapping[str, str]
    counter: bool
    healthy: float | None
    bad: float | None
    ramp: float = 0.0


@dataclass(frozen=True, slots=True)
class Inputs:
    """The raw series of an SLO. Seconds are real ones.

    `lag_seconds`: how long the query still sees what was before; `least_range_seconds`: the shortest range in it (0
    without any), in which there must be samples enough; `lead_seconds`: how long after 1970 the series may begin.
    `quiet`: whether counters that stand still mean that nothing happened. `counts_steps`: whether the query counts the
    steps of a subquery, so that it is exact only over windows in which the series are there throughout.
    """

    series: tuple[InputSeries, ...]
    lag_seconds: float = 0.0
    least_range_seconds: float = 0.0
    lead_seconds: float = 0.0
    quiet: bool = False
    counts_steps: bool = False


def derive(indicator: Indicator, time_scale: float = 1.0) -> Inputs:
    """The input series of an indicator. Raises UnderivableError saying why there are none."""
    try:
        match indicator:
            case EventRatio():
                return Inputs(_of_events(indicator), quiet=True)
            case LatencyThreshold():
                within, count = histogram_buckets(indicator.histogram, indicator.threshold)
                return Inputs(_of_events(EventRatio(total=count, good=within)), quiet=True)
            case RawRatio():
                return _of_a_ratio(indicator)
            case GaugeThreshold():
                return _of_a_gauge(indicator, time_scale)
    except PromqlError as error:
        raise UnderivableError(str(error)) from error


def _of_events(ratio: EventRatio) -> tuple[InputSeries, ...]:
    total = parse(counter_query(ratio.total).over(SLICE_SECONDS))
    other = parse(counter_query(ratio.bad or ratio.good or "").over(SLICE_SECONDS))

    def counted(rates: Rates) -> Sequence[float] | None:
        """All events and bad ones per second, when each series counts so many."""
        steady = [Steady(series[index], rate) for index, rate in rates.items()]
        whole, part = single(evaluate(total, steady, 0)), single(evaluate(other, steady, 0))
        if whole is None or part is None:
            return None
        return whole / SLICE_SECONDS, (part if ratio.bad is not None else whole - part) / SLICE_SECONDS

    series = _series_of(total, other)
    idle = dict.fromkeys(range(len(series)), 0.0)
    for pair in permutations(idle, 2):
        solution = _solution([counted(idle | {one: 1.0}) for one in pair])
        if solution is None:
            continue
        healthy, bad = (dict(zip(pair, rates, strict=True)) for rates in solution)
        for others in ({}, idle):  # all series only where the queries give nothing without them
            if _near(counted(others | healthy), (1, 0)) and _near(counted(others | bad), (1, 1)):
                return _split(_mixture(series, others | healthy, others | bad, [True] * len(series)))
    raise UnderivableError("no series were found that count for the whole, and for bad events alone")


def _solution(counted: Sequence[Sequence[float] | None]) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Rates of two series so that all is well (1 event, none bad), and so that all is bad; None if there are none."""
    if len(counted) != 2 or counted[0] is None or counted[1] is None:
        return None
    (total_a, bad_a), (total_b, bad_b) = counted[0], counted[1]
    determinant = total_a * bad_b - total_b * bad_a
    if abs(determinant) < _TOLERANCE:
        return None
    healthy = (bad_b / determinant, -bad_a / determinant)
    bad = ((bad_b - total_b) / determinant, (total_a - bad_a) / determinant)
    return (healthy, bad) if min(*healthy, *bad) >= -_TOLERANCE else None


def _of_a_ratio(ratio: RawRatio) -> Inputs:
    expr = parse(at_window(ratio.query, SLICE_SECONDS))
    series = _series_of(expr)
    counters = _counters(expr, series)

    def given(rates: Rates) -> float | None:
        steady = [Steady(series[index], rate) for index, rate in rates.items()]
        return single(evaluate(expr, steady, 0))

    steadily = dict.fromkeys(range(len(series)), 1.0)
    for others, (healthy, bad) in product(({}, steadily), list(_ratio_shapes(len(series)))):
        mixtures = {share: others | _mixed(healthy, bad, share) for share in (0, 0.25, 1)}
        if all(_near((given(rates),), (share,)) for share, rates in mixtures.items()):
            nothing = given(dict.fromkeys(others | healthy, 0.0))
            return Inputs(
                _mixture(series, others | healthy, others | bad, counters),
                quiet=all(counters) and (nothing is None or math.isnan(nothing)),
                counts_steps=counts_steps(expr),
            )
    raise UnderivableError("no series were found that make the ratio any number between 0 and 1")


def _ratio_shapes(count: int) -> Iterator[tuple[dict[int, float], dict[int, float]]]:
    """What one or two series may do in a ratio, healthy and bad: errors of all, errors and others, successes of all."""
    for one in range(count):
        yield {one: 0.0}, {one: 1.0}
        yield {one: 1.0}, {one: 0.0}
    for one, other in permutations(range(count), 2):
        yield {one: 0.0, other: 1.0}, {one: 1.0, other: 1.0}
        yield {one: 0.0, other: 1.0}, {one: 1.0, other: 0.0}
        yield {one: 1.0, other: 1.0}, {one: 0.0, other: 1.0}


def _mixed(healthy: Rates, bad: Rates, share: float) -> dict[int, float]:
    return {one: (1 - share) * healthy[one] + share * bad[one] for one in healthy}


def _of_a_gauge(gauge: GaugeThreshold, time_scale: float) -> Inputs:
    expr = parse(at_window(gauge.query, scaled(gauge.slice_seconds, time_scale)))
    found = selectors_in(expr)
    series = candidates(found)
    counters = _counters(expr, series)
    chosen = levels(expr, series, counters, gauge)
    return Inputs(
        tuple(
            InputSeries(labels, counter, level.good, level.bad, 0.0 if counter else chosen.ramp)
            for labels, counter, level in zip(series, counters, chosen.levels, strict=True)
        ),
        lag_seconds=max(selector.reach_seconds for selector in found),
        least_range_seconds=min((selector.range_seconds for selector in found if selector.range_seconds), default=0.0),
        lead_seconds=chosen.lead_seconds,
    )


def _series_of(*exprs: "Expr") -> list[Mapping[str, str]]:
    return candidates([selector for expr in exprs for selector in selectors_in(expr)])


def _counters(expr: "Expr", series: Sequence[Mapping[str, str]]) -> list[bool]:
    """Which of the series are counters. Raises UnderivableError for one that is read as a gauge, too."""
    found = selectors_in(expr)
    counters = []
    for labels in series:
        kinds = {selector.function in COUNTER_FUNCTIONS for selector in found if matches(selector, labels)}
        if len(kinds) != 1:
            raise UnderivableError(f"{labels['__name__']} is read as a counter and as a gauge")
        counters.append(kinds.pop())
    return counters


def _mixture(
    series: Sequence[Mapping[str, str]], healthy: Rates, bad: Rates, counters: Sequence[bool]
) -> tuple[InputSeries, ...]:
    """The chosen series."""
    return tuple(
        InputSeries(series[index], counters[index], abs(healthy[index]), abs(bad[index])) for index in sorted(healthy)
    )


def _split(series: Iterable[InputSeries]) -> tuple[InputSeries, ...]:
    """Each counter as two, of two instances: rules that do not add up what they select fail."""
    found: list[InputSeries] = []
    for one in series:
        if _INSTANCE in one.labels:
            found.append(one)
        else:
            halves = ({**one.labels, _INSTANCE: instance} for instance in ("a", "b"))
            healthy, bad = (one.healthy or 0.0) / 2, (one.bad or 0.0) / 2
            found += (InputSeries(half, one.counter, healthy, bad) for half in halves)
    return tuple(found)


def _near(found: Sequence[float | None] | None, wanted: Sequence[float]) -> bool:
    return found is not None and all(
        one is not None and math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-6)
        for one, other in zip(found, wanted, strict=True)
    )
