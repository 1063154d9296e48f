"""When the present week, month or quarter began, as a recording rule.

PromQL knows no time zones: the rule holds a table of the real beginnings in the zone. Past the table's end it gives
nothing, so that budgets become unknown instead of wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from slos.model import CalendarWindow
from slos.rules.literals import number, series
from slos.rules.names import CALENDAR_START
from slos.rules.rule import RecordingRule

TABLE_BEGINS = date(2025, 1, 1)
TABLE_ENDS = date(2037, 1, 1)


@dataclass(frozen=True, slots=True)
class _Run:
    """Windows of one length, one after the other (Unix time and lengths in seconds)."""

    start: int
    length: int
    count: int


def start_series(window: CalendarWindow) -> str:
    """The selector of the recorded beginning of the present window."""
    return series(CALENDAR_START, **_labels(window))


def start_rule(window: CalendarWindow) -> RecordingRule:
    """The rule that records it."""
    starts = beginnings(window)
    sums = [f"vector({starts[0]})", *map(_term, _runs(starts))]
    valid = f"(vector(time()) >= {starts[0]} < {starts[-1]})"
    return RecordingRule(CALENDAR_START, f"({' + '.join(sums)}) and {valid}", _labels(window))


def longest_seconds(window: CalendarWindow) -> float:
    """The longest that such a window gets: a month of 31 days in which the clocks are put back has an hour more."""
    return float(max(later - earlier for earlier, later in pairwise(beginnings(window))))


@lru_cache(256)
def beginnings(window: CalendarWindow) -> tuple[int, ...]:
    """Unix times at which the table's windows begin; the last one is where the table ends.

    Raises KeyError (ZoneInfoNotFoundError) or ValueError for a time zone that is none.
    """
    zone = ZoneInfo(window.time_zone)
    return tuple(int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) for day in _days(window))


def _term(run: _Run) -> str:
    """How far a run has moved the beginning on."""
    if run.count == 1:  # the shorter form: the time that an evaluation takes grows with the square of its parts
        return f"{run.length} * (time() >= bool {run.start + run.length})"
    return f"{run.length} * clamp(floor((vector(time()) - {run.start}) / {run.length}), 0, {run.count})"


def _days(window: CalendarWindow) -> list[date]:
    if window.unit == "week":
        first = TABLE_BEGINS - timedelta(days=(TABLE_BEGINS.weekday() - window.first) % 7)
        weeks = -(-(TABLE_ENDS - first).days // 7)
        return [first + timedelta(weeks=week) for week in range(weeks + 1)]
    months = 1 if window.unit == "month" else 3
    offset = (window.first - 1) % months
    # From the quarter that holds the table's first day to the one that holds its end.
    first_month = TABLE_BEGINS.year * 12 + offset - (months if offset else 0)
    last_month = TABLE_ENDS.year * 12 + offset
    return [date(month // 12, month % 12 + 1, 1) for month in range(first_month, last_month + 1, months)]


def _runs(starts: Sequence[int]) -> list[_Run]:
    steps = [(earlier, later - earlier) for earlier, later in pairwise(starts)]
    runs = []
    for length, members in groupby(steps, key=lambda step: step[1]):
        same = list(members)
        runs.append(_Run(same[0][0], length, len(same)))
    return runs


def _labels(window: CalendarWindow) -> dict[str, str]:
    return {"calendar": window.unit, "time_zone": window.time_zone, "first": number(window.first)}
