"""The time axis of a timeline, and stretches of time on it, in percent of its width. Pure."""

import math
from dataclasses import dataclass

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400, 172_800, 604_800)
_MOST_TICKS = 9


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of time, `x` and `width` in percent."""

    x: float
    width: float
    kind: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A time on the axis; minor ones are left out where there is no room."""

    x: float
    label: str
    minor: bool


@dataclass(frozen=True, slots=True)
class Axis:
    """The stretch of time that is shown; times are told from `zero`. Seconds since the epoch; `end` > `start`."""

    start: float
    end: float
    zero: float

    def x(self, at: float) -> float:
        """Percent of the width; what lies outside is at the edge."""
        return round(100 * min(max((at - self.start) / (self.end - self.start), 0.0), 1.0), 3)

    def shows(self, at: float) -> bool:
        return self.start <= at <= self.end

    def band(self, start: float, end: float, kind: str, title: str = "") -> Band:
        left, right = self.x(start), self.x(max(start, end))
        return Band(left, round(right - left, 3), kind, title)

    def ticks(self) -> tuple[Tick, ...]:
        """Round numbers of seconds before and after zero, as many as can be read."""
        length = self.end - self.start
        step = next((one for one in _STEPS if length / one <= _MOST_TICKS), math.ceil(length / _MOST_TICKS))
        first, last = math.ceil((self.start - self.zero) / step), math.floor((self.end - self.zero) / step)
        return tuple(
            Tick(self.x(self.zero + number * step), tick_label(number * step), number % 2 != 0)
            for number in range(first, last + 1)
        )


def tick_label(seconds: int) -> str:
    """`+30 s`, `+2 min`, `+1:30 min`, `−1 h`."""
    if seconds == 0:
        return "0"
    sign, size = ("+", seconds) if seconds > 0 else ("\N{MINUS SIGN}", -seconds)
    for unit, name, part in ((86_400, "d", 0), (3600, "h", 60), (60, "min", 1)):
        if size >= unit and size % unit == 0:
            return f"{sign}{size // unit} {name}"
        if size > unit and part:
            return f"{sign}{size // unit}:{size % unit // part:02d} {name}"
    return f"{sign}{size} s"
