"""Which windows of an SLO are recorded, and how each gets its counts."""

from dataclasses import dataclass
from functools import lru_cache

from slos.duration import format_duration
from slos.model import CalendarWindow, RollingWindow, Slo, Window
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


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of an SLO: `whole` is its own, and one of the others, too."""

    whole: RecordedWindow
    straight: tuple[RecordedWindow, ...]
    """Those counted straight from the indicator's series: always 5m, of which longer ones are made."""
    summed: tuple[RecordedWindow, ...]
    """Those that are sums of slices."""


@lru_cache(1024)
def windows(own: Window, time_scale: float) -> Windows:
    """What is recorded of an SLO with this window."""
    whole = _whole(own, time_scale)
    alerting = {SLICE_SECONDS, *recorded_windows(whole.seconds)} - {whole.seconds}
    others = (RecordedWindow(format_duration(seconds), seconds) for seconds in alerting)
    every = sorted((*others, whole), key=lambda window: window.seconds)
    return Windows(
        whole,
        tuple(window for window in every if _is_straight(window)),
        tuple(window for window in every if not _is_straight(window)),
    )


def period(slo: Slo, time_scale: float) -> RecordedWindow:
    """The SLO's own window."""
    return windows(slo.window, time_scale).whole


def _whole(own: Window, time_scale: float) -> RecordedWindow:
    """Calendars do not run faster: with a time scale a calendar window is the last 7, 30 or 91 days, scaled."""
    if isinstance(own, RollingWindow) or time_scale != 1:
        return RecordedWindow(own.label, own.seconds)
    return RecordedWindow(own.label, own.seconds, own)


def _is_straight(window: RecordedWindow) -> bool:
    return window.seconds <= STRAIGHT_SECONDS and window.calendar is None
