"""The window of an OpenSLO document: rolling, or aligned to a calendar."""

import re
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from slos.duration import DurationError, format_duration, parse_duration
from slos.files import openslo
from slos.files.field_types import spoken_duration
from slos.files.findings import Findings
from slos.files.nearest import nearest
from slos.files.yaml_document import Path
from slos.model import CalendarUnit, CalendarWindow, RollingWindow, Window
from slos.tiers import DAY, SLICE_SECONDS

_UNITS: dict[str, CalendarUnit] = {"1w": "week", "1M": "month", "1Q": "quarter"}
_MIDNIGHTS = ("", "00:00:00", "00:00")
_CLOCK = re.compile(r"[0-9:.]+")


def read_window(declared: openslo.TimeWindow, findings: Findings, path: Path) -> Window:
    """The window at `path`; after reporting why it is none, one put in for it, to read the document on."""
    window = _window(declared, findings, path)
    if window is None:
        findings.spoilt.add(path)
        return RollingWindow(28 * DAY)
    return window


def _window(declared: openslo.TimeWindow, findings: Findings, path: Path) -> Window | None:
    if declared.calendar is not None:
        return _calendar(declared, declared.calendar, findings, path)
    if declared.is_rolling is False:
        remedy = "write isRolling: true, or give a calendar with startTime and timeZone"
        findings.missing(path, ("calendar",), "a window that does not roll has no calendar", remedy)
        return None
    return _rolling(declared.duration, findings, (*path, "duration"))


def _rolling(duration: str, findings: Findings, path: Path) -> RollingWindow | None:
    if duration in ("1M", "1Q"):
        days = {"1M": "30d", "1Q": "90d"}[duration]
        remedy = f"write {days}, or isRolling: false and a calendar"
        findings.error(path, f"a rolling window of {duration}, which has no fixed length", remedy)
        return None
    try:
        seconds = parse_duration(duration)
    except DurationError as error:
        message, _, remedy = str(error).rpartition(": ")
        findings.error(path, message, spoken_duration(duration) or remedy)
        return None
    if seconds % SLICE_SECONDS:
        whole = format_duration((seconds // SLICE_SECONDS + 1) * SLICE_SECONDS)
        message = f"a window of {duration}: events are counted in slices of {format_duration(SLICE_SECONDS)}"
        findings.error(path, message, f"write {whole}")
        return None
    return RollingWindow(seconds)


def _calendar(
    declared: openslo.TimeWindow, calendar: openslo.Calendar, findings: Findings, path: Path
) -> CalendarWindow | None:
    if declared.is_rolling:
        findings.error((*path, "isRolling"), "a window with a calendar does not roll", "write isRolling: false")
    unit = _UNITS.get(declared.duration)
    if unit is None:
        message = f"a calendar window of {declared.duration!r}"
        findings.error((*path, "duration"), message, "write 1w, 1M or 1Q: a week, a month, a quarter")
    zone_is_known = _check_zone(calendar.time_zone, findings, (*path, "calendar", "timeZone"))
    start = _start(calendar.start_time, unit, findings, (*path, "calendar", "startTime"))
    if unit is None or start is None or not zone_is_known:
        return None
    first = {"week": start.weekday(), "month": 1, "quarter": (start.month - 1) % 3 + 1}[unit]
    return CalendarWindow(unit, calendar.time_zone, first)


def _start(text: str, unit: CalendarUnit | None, findings: Findings, path: Path) -> date | None:
    """The day that begins a window, after reporting that it is not one of the unit's first, or not its midnight."""
    day, _, time = text.replace("T", " ", 1).partition(" ")
    try:
        start = date.fromisoformat(day)
    except ValueError:
        findings.error(path, f"{text!r} is no time", "write it like 2026-01-01 00:00:00")
        return None
    wrong = []
    if unit in ("month", "quarter") and start.day != 1:
        wrong.append(f"on day {start.day}")
        start = start.replace(day=1)
    remedy = f"write {start} 00:00:00"
    if time not in _MIDNIGHTS:
        wrong.append("not at midnight")
        remedy += "" if _CLOCK.fullmatch(time) else "; the time zone has a key of its own"
    if wrong:
        findings.error(path, f"a {unit or 'calendar window'} that begins {' and '.join(wrong)}", remedy)
    return start


def _check_zone(name: str, findings: Findings, path: Path) -> bool:
    if _is_zone(name):
        return True
    near = nearest(name, available_timezones())
    remedy = f"write {near}" if near else "write an IANA name such as Europe/Berlin or UTC"
    findings.error(path, f"{name!r} is no time zone", remedy)
    return False


@cache
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
