"""When an error budget is gone, from what Prometheus has recorded."""

import math
from bisect import bisect_right

from slos.budget.recorded import Declared, Recorded, Samples
from slos.burn import seconds_to_exhaustion, seconds_to_exhaustion_in_calendar
from slos.model import CalendarUnit, CalendarWindow
from slos.rules.calendar import beginnings

_UNITS: dict[str, CalendarUnit] = {"week": "week", "month": "month", "quarter": "quarter"}


def seconds_left(one: Declared, left: float | None, burn: float | None, recorded: Recorded) -> float | None:
    """Real seconds until the budget is gone at this burn rate; infinite: not in this window; None: not known.

    `left` is the share of the budget that is left; calendar windows only count to their end, where a new budget begins.
    """
    if left is None or burn is None:
        return None
    if one.calendar and one.time_scale == 1:
        return _in_calendar(one, left, burn, recorded)
    return seconds_to_exhaustion(left, burn, one.period_seconds) / one.time_scale


def _in_calendar(one: Declared, left: float, burn: float, recorded: Recorded) -> float | None:
    present = _present(recorded.calendar_starts, one, recorded.at)
    if present is None:
        return None
    start, end = present
    seconds = seconds_to_exhaustion_in_calendar(left, burn, recorded.at - start)
    return seconds if recorded.at + seconds < end else math.inf


def _present(starts: Samples, declared: Declared, at: float) -> tuple[float, float] | None:
    """When the present window began and ends; None when that is not recorded, or in two ways."""
    wanted = {"calendar": declared.calendar, "time_zone": declared.time_zone, "first": declared.first}
    matching = {one.value for one in starts if wanted.items() <= one.labels.items()}
    if len(matching) != 1 or declared.calendar not in _UNITS:
        return None
    start = matching.pop()
    try:
        window = CalendarWindow(_UNITS[declared.calendar], declared.time_zone, int(declared.first))
        table = beginnings(window)
    except (KeyError, ValueError):
        return None
    following = bisect_right(table, start)
    if following == len(table) or not start <= at < table[following]:  # NaN, too, is the start of nothing
        return None
    return start, table[following]
