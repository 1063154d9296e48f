"""The samples that a scenario's series have."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slos.duration import scaled
from slos.model import CalendarWindow, EventRatio, GaugeThreshold, LatencyThreshold, RawRatio, Slo
from slos.promql import has_window, quoted
from slos.rules.names import BAD_EVENTS, CALENDAR_START, EVENTS
from slos.rules_test.evaluate import UnderivableError
from slos.rules_test.inputs import Inputs, InputSeries
from slos.rules_test.scenarios import Scenario, calendar_start
from slos.rules_test.series_text import Unsampled, values
from slos.rules_test.timeline import Timeline, continuous, sliced
from slos.tiers import HOUR, MINUTE, SLICE_SECONDS

_SCRAPE_SECONDS = SLICE_SECONDS / 10
_SCRAPE_SECONDS_OF_HISTORY = SLICE_SECONDS / 2
_LEAST_BAD_EVENTS = 20_000
"""Per sample: rounded to whole events, a share of bad ones is then exact enough."""
_BEFORE = 1000
"""Counters begin where so many samples would have brought them."""


@dataclass(frozen=True, slots=True)
class Feed:
    """What a test file is fed with: the text of each series' samples, `timeline.cell_seconds` apart."""

    timeline: Timeline
    series: tuple[tuple[str, str], ...]


def feed(slo: Slo, inputs: Inputs, scenario: Scenario, time_scale: float) -> Feed:
    """The input of one scenario. Raises UnderivableError where the SLO's slices of time do not divide 5m."""
    volume = _volume(slo, scenario)
    timeline = _timeline(slo, inputs, scenario, volume, time_scale)
    series = []
    if scenario.source != "recorded" and scenario.series_exist:
        used = (one for one in inputs.series if scenario.errors_exist or one.healthy or not one.counter)
        for one in used:
            levels = _counter(one, timeline, volume) if one.counter else _gauge(one, timeline, time_scale)
            series.append((selector(one.labels), values(tuple(levels))))
    if scenario.source != "raw":
        series += _recorded(slo, scenario, timeline)
    if isinstance(slo.window, CalendarWindow) and time_scale == 1:
        series.append(_calendar(slo.window, timeline, calendar_start(scenario, slo)))
    return Feed(timeline, tuple(series))


def selector(labels: Mapping[str, str]) -> str:
    """A series by all its labels."""
    rest = ",".join(f"{name}={quoted(value)}" for name, value in labels.items() if name != "__name__")
    return f"{labels['__name__']}{{{rest}}}"


def _timeline(slo: Slo, inputs: Inputs, scenario: Scenario, volume: float, time_scale: float) -> Timeline:
    if scenario.source == "recorded":
        return continuous(scenario.segments, SLICE_SECONDS, volume)
    cell = _SCRAPE_SECONDS if scenario.source == "raw" else _SCRAPE_SECONDS_OF_HISTORY
    match slo.indicator:
        case GaugeThreshold(slice_seconds=slice_seconds):
            if SLICE_SECONDS % slice_seconds:
                raise UnderivableError("its slices of time do not divide 5m")
            return sliced(scenario.segments, slice_seconds, inputs.lag_seconds * time_scale)
        case RawRatio(query=query):
            if has_window(query):
                return continuous(scenario.segments, cell, cell / SLICE_SECONDS)
            return continuous(scenario.segments, min(cell, MINUTE), min(cell, MINUTE) / MINUTE)
        case EventRatio() | LatencyThreshold():
            return continuous(scenario.segments, cell, volume)


def _volume(slo: Slo, scenario: Scenario) -> float:
    """How many events a cell of normal traffic has: a power of ten, or of two where they are to be too few."""
    if scenario.few_events:
        cells = 6 * HOUR / _SCRAPE_SECONDS
        return 2.0 ** math.floor(math.log2(slo.minimum_events / 2 / cells))
    least = min((segment.bad for segment in scenario.segments if segment.bad), default=1.0)
    return 10.0 ** math.ceil(math.log10(max(_LEAST_BAD_EVENTS / least, slo.minimum_events)))


def _counter(one: InputSeries, timeline: Timeline, volume: float) -> Iterator[float | None]:
    """A counter's samples, the first of them at the beginning."""
    count = float(round(volume * _BEFORE)) if timeline.cells and timeline.cells[0].present else 0.0
    yield count if timeline.cells and timeline.cells[0].present else None
    for cell in timeline.cells:
        if cell.restarted:
            count = 0.0
        total = volume * cell.traffic
        bad = total * cell.bad
        bad = float(round(bad)) if volume >= 1 else bad
        grown = one.healthy * (total - bad) + one.bad * bad
        # Whole numbers have no rounding errors, which could look like a restart.
        count += float(round(grown)) if volume >= 1 else grown
        yield count if cell.present else None


def _gauge(one: InputSeries, timeline: Timeline, time_scale: float) -> Iterator[float | None]:
    """A gauge's samples; none at the very beginning, which belongs to no cell."""
    yield None
    for index, cell in enumerate(timeline.cells, start=1):
        seconds = scaled(index * timeline.cell_seconds, time_scale)
        level = one.healthy + cell.bad * (one.bad - one.healthy) + one.ramp * seconds
        yield level if cell.present else None


def _recorded(slo: Slo, scenario: Scenario, timeline: Timeline) -> Iterator[tuple[str, str]]:
    """The recorded 5m counts, as samples at the distance of the timeline's cells.

    Where the rules are evaluated over raw series, too, they record the slice of that moment themselves.
    """
    totals: list[float | Unsampled | None] = [None]
    bads: list[float | Unsampled | None] = [None]
    for index in range(1, len(timeline.cells) + 1):
        at = index * timeline.cell_seconds
        ended = at // SLICE_SECONDS * SLICE_SECONDS
        there = timeline.between(ended - SLICE_SECONDS, ended)
        if scenario.source == "history" and not at % scenario.every:
            totals.append("unsampled")
            bads.append("unsampled")
        else:
            totals.append(there.most.total if there else None)
            bads.append(there.most.bad if there else None)
    for name, samples in ((EVENTS, totals), (BAD_EVENTS, bads)):
        yield selector({"__name__": name, "slo": slo.name, "service": slo.service, "window": "5m"}), values(samples)


def _calendar(window: CalendarWindow, timeline: Timeline, start: float) -> tuple[str, str]:
    labels = {"calendar": window.unit, "time_zone": window.time_zone, "first": str(window.first)}
    return selector({"__name__": CALENDAR_START, **labels}), values([start] * (len(timeline.cells) + 1))
