"""The samples that a scenario's series have."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from slos.duration import scaled
from slos.model import CalendarWindow, EventRatio, GaugeThreshold, LatencyThreshold, RawRatio, Slo
from slos.promql.language import has_window, quoted
from slos.rules.names import BAD_EVENTS, CALENDAR_START, EVENTS
from slos.rules_test.evaluate import UnderivableError
from slos.rules_test.inputs import Inputs, InputSeries
from slos.rules_test.scenarios import Scenario, calendar_start
from slos.rules_test.series_text import Unsampled, values
from slos.rules_test.timeline import Segment, Timeline, continuous, sliced
from slos.tiers import HOUR, MINUTE, SLICE_SECONDS

_SCRAPE_SECONDS = SLICE_SECONDS / 10
_SCRAPE_SECONDS_OF_HISTORY = SLICE_SECONDS / 2
_LEAST_BAD_EVENTS = 20_000
"""Per sample: rounded to whole events, a share of bad ones is then exact enough."""
_PARTS_OF_A_SLICE = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20)
_STEP = 2.0**-30
_BEFORE = 1000
"""Counters begin where so many samples would have brought them."""


@dataclass(frozen=True, slots=True)
class Feed:
    """What a test file is fed with: the text of each series' samples, `timeline.cell_seconds` apart."""

    timeline: Timeline
    series: tuple[tuple[str, str], ...]


def feed(slo: Slo, inputs: Inputs, scenario: Scenario, time_scale: float) -> Feed:
    """The input of one scenario. Raises UnderivableError for a range too short to be filled."""
    volume = _volume(slo, scenario)
    timeline = _timeline(slo, inputs, scenario, volume, time_scale)
    series = []
    if scenario.source != "recorded" and scenario.series_exist:
        used = (one for one in inputs.series if scenario.errors_exist or one.healthy or not one.counter)
        for one in used:
            samples = _gauge(one, timeline, time_scale)
            if one.counter and isinstance(slo.indicator, (EventRatio, LatencyThreshold)):
                samples = _event_counter(one, timeline, volume)
            elif one.counter:
                samples = _counter(one, timeline, time_scale)
            series.append((selector(one.labels), values(tuple(samples))))
    if scenario.source != "raw":
        series += _recorded(slo, scenario, timeline)
    if isinstance(slo.window, CalendarWindow):
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
            lead = -(-inputs.lead_seconds * time_scale // scenario.every) * scenario.every
            segments = (Segment(lead, present=False), *scenario.segments) if lead else scenario.segments
            cell = _gauge_cell(slice_seconds, inputs.least_range_seconds * time_scale)
            return sliced(segments, slice_seconds, cell, inputs.lag_seconds * time_scale)
        case RawRatio(query=query):
            if has_window(query):
                return continuous(scenario.segments, cell, cell / SLICE_SECONDS, inputs.counts_steps)
            return continuous(scenario.segments, min(cell, MINUTE), min(cell, MINUTE) / MINUTE)
        case EventRatio() | LatencyThreshold():
            return continuous(scenario.segments, cell, volume)


def _gauge_cell(slice_seconds: float, least_range_seconds: float) -> float:
    """The longest cell that divides slices and 5m, and puts three samples into the shortest range."""
    longest = math.gcd(round(slice_seconds * 1000), round(SLICE_SECONDS * 1000)) / 1000
    for parts in _PARTS_OF_A_SLICE:
        if not least_range_seconds or longest / parts * 3 <= least_range_seconds:
            return longest / parts
    raise UnderivableError("a range in its query is very much shorter than its slices of time")


def _volume(slo: Slo, scenario: Scenario) -> float:
    """How many events a cell of normal traffic has: a power of ten, or of two where they are to be too few."""
    if scenario.few_events:
        cells = 6 * HOUR / _SCRAPE_SECONDS
        return 2.0 ** math.floor(math.log2(slo.minimum_events / 2 / cells))
    least = min((segment.bad for segment in scenario.segments if segment.bad), default=1.0)
    return 10.0 ** math.ceil(math.log10(max(_LEAST_BAD_EVENTS / least, slo.minimum_events)))


def _event_counter(one: InputSeries, timeline: Timeline, volume: float) -> Iterator[float | None]:
    """A counter of events, `volume` in a cell. Whole numbers: an error of rounding could look like a restart."""
    exact = round if volume >= 1 else float
    increments = []
    for cell in timeline.cells:
        total = volume * cell.traffic
        bad = float(exact(total * cell.bad))
        increments.append(float(exact((one.healthy or 0.0) * (total - bad) + (one.bad or 0.0) * bad)))
    return _counted(timeline, increments, float(exact(volume * _BEFORE)))


def _counter(one: InputSeries, timeline: Timeline, time_scale: float) -> Iterator[float | None]:
    """A counter that counts so much in every real second, in steps that add up without errors of rounding."""
    seconds = scaled(timeline.cell_seconds, time_scale)
    healthy, bad = one.healthy or 0.0, one.bad or 0.0
    rates = ((healthy + cell.bad * (bad - healthy)) * cell.traffic for cell in timeline.cells)
    increments = [round(rate * seconds / _STEP) * _STEP for rate in rates]
    return _counted(timeline, increments, float(_BEFORE))


def _counted(timeline: Timeline, increments: Sequence[float], before: float) -> Iterator[float | None]:
    """A counter's samples, the first of them before the first cell."""
    count = before
    yield before if timeline.cells and timeline.cells[0].present else None
    for cell, increment in zip(timeline.cells, increments, strict=True):
        count = increment if cell.restarted else count + increment
        yield count if cell.present else None


def _gauge(one: InputSeries, timeline: Timeline, time_scale: float) -> Iterator[float | None]:
    """A gauge's samples; none at the very beginning, which belongs to no cell."""
    yield None
    for index, cell in enumerate(timeline.cells, start=1):
        ramp = one.ramp * scaled(index * timeline.cell_seconds, time_scale) if one.ramp else 0.0
        if one.healthy is None or one.bad is None:
            level = one.bad if cell.bad else one.healthy
        else:
            level = one.healthy + cell.bad * (one.bad - one.healthy)
        yield level + ramp if cell.present and level is not None else None


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
    """The recorded beginning of the window: before it, that of a window that began with the test.

    Only around data: the rules look at it for every slice with events, and promtool counts all samples that are there.
    """
    labels = {"calendar": window.unit, "time_zone": window.time_zone, "first": str(window.first)}
    margin = SLICE_SECONDS + timeline.cell_seconds
    begun = [
        (start if at >= start else 0.0) if timeline.between(at - margin, at + margin) else None
        for at in (index * timeline.cell_seconds for index in range(len(timeline.cells) + 1))
    ]
    return selector({"__name__": CALENDAR_START, **labels}), values(begun)
