"""Which windows of an SLO are recorded, and how each gets its counts."""

from dataclasses import dataclass

from slos.duration import format_duration
from slos.model import CalendarWindow, RollingWindow, Slo
from slos.tiers import HOUR, SLICE_SECONDS, recorded_windows

STRAIGHT_SECONDS = 6 * HOUR
"""Up to here a window is counted straight from the indicator's own series; a longer one is the sum of its slices."""
SLICE = format_duration(SLICE_SECONDS)
"""The label of the window that longer ones are summed from."""


@dataclass(frozen=True, slots=True)
class RecordedWindow:
    """A window by its label. `seconds` are those declared; `calendar` is set where it begins with the calendar."""

    label: str
    seconds: float
    calendar: CalendarWindow | None = None


def period(slo: Slo, time_scale: float) -> RecordedWindow:
    """The SLO's own window. Calendars do not run faster: with a time scale it is the last 7, 30 or 91 days, scaled."""
    window = slo.window
    if isinstance(window, RollingWindow) or time_scale != 1:
        return RecordedWindow(window.label, window.seconds)
    return RecordedWindow(window.label, window.seconds, window)


def straight_windows(slo: Slo, time_scale: float) -> tuple[RecordedWindow, ...]:
    """Those counted straight from the indicator's series: always 5m, of which longer ones are made."""
    return tuple(window for window in _windows(slo, time_scale) if _straight(window))


def summed_windows(slo: Slo, time_scale: float) -> tuple[RecordedWindow, ...]:
    """Those that are sums of slices."""
    return tuple(window for window in _windows(slo, time_scale) if not _straight(window))


def _straight(window: RecordedWindow) -> bool:
    return window.seconds <= STRAIGHT_SECONDS and window.calendar is None


def _windows(slo: Slo, time_scale: float) -> tuple[RecordedWindow, ...]:
    whole = period(slo, time_scale)
    alerting = {SLICE_SECONDS, *recorded_windows(whole.seconds)} - {whole.seconds}
    others = (RecordedWindow(format_duration(seconds), seconds) for seconds in alerting)
    return tuple(sorted((*others, whole), key=lambda window: window.seconds))
