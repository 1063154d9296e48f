"""Counts of windows that slide over a history of slices, as the rules would have recorded them.

Prometheus counts a slice from the scrapes within it, so what happens between the last scrape of one slice and the first
of the next is in neither, and the rest is extrapolated. Sums of slices that begin a minute later are therefore a little
different, and alerts would come and go with the minute. So one tiling is the measure, that of the rules (slices that
end at multiples of their length), and the others only say what happens within its slices.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from slos.burn import Counts
from slos.tiers import HOUR, SLICE_SECONDS

STRAIGHT_SLICES = round(6 * HOUR / SLICE_SECONDS)
"""The rules count windows up to here at any moment; longer ones are sums of whole slices."""


@dataclass(frozen=True, slots=True)
class History:
    """The counts of the last slice at `start`, `start + step`, ... (epoch seconds); None where there is no data.

    `per_slice` steps are a slice; `step` is in real seconds. One in `per_slice` steps is at a multiple of the slice
    since the epoch.
    """

    start: float
    step: float
    per_slice: int
    counts: Sequence[Counts | None]

    @property
    def first_multiple(self) -> int:
        """The first step at a multiple of the slice."""
        return round(-self.start % (self.step * self.per_slice) / self.step) % self.per_slice

    def at(self, index: int) -> float:
        return self.start + index * self.step

    @property
    def end(self) -> float:
        return self.at(len(self.counts) - 1)

    @property
    def oldest(self) -> float:
        """When the first slice begins."""
        return self.start - self.per_slice * self.step


class SlidingSums:
    """Bad and total events of windows that end at a step of a history, each in constant time."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._bad = _running(history, lambda counts: counts.bad)
        self._total = _running(history, lambda counts: counts.total)

    def window(self, index: int, slices: int) -> tuple[float, float]:
        """Bad events and all events of so many slices up to the step; there is nothing before the history."""
        if slices == 1:
            newest = self._history.counts[index]
            return (newest.bad, newest.total) if newest else (0.0, 0.0)
        if slices > STRAIGHT_SLICES:
            return self.whole_slices(index, slices)
        return self.between(index - slices * self._history.per_slice, index)

    def whole_slices(self, index: int, slices: int) -> tuple[float, float]:
        """The same for the last slices that had ended at a multiple of their length by then."""
        stride = self._history.per_slice
        newest = index - (index - self._history.first_multiple) % stride
        return self.between(newest - slices * stride, newest)

    def between(self, start: int, end: int) -> tuple[float, float]:
        """Bad events and all events after one step up to another."""
        total = _at(self._total, end) - _at(self._total, start)
        bad = _at(self._bad, end) - _at(self._bad, start)
        return min(max(bad, 0.0), max(total, 0.0)), max(total, 0.0)


def _at(running: Sequence[float], index: int) -> float:
    return running[index] if index >= 0 else 0.0


def _running(history: History, of: Callable[[Counts], float]) -> list[float]:
    """The events since the beginning of the history, at each step.

    At multiples of the slice it is the sum of the slices; in between, what it was a slice ago and what came since, but
    never outside of the multiples around it, and never less than a step before: what was counted stays counted.
    """
    stride, first = history.per_slice, history.first_multiple
    values = [of(counts) if counts else 0.0 for counts in history.counts]
    running: list[float] = []
    below = 0.0
    for index, value in enumerate(values):
        before = running[index - stride] if index >= stride else 0.0
        offset = (index - first) % stride
        if offset == 0:
            below += value
            running.append(below)
            continue
        following = index + stride - offset
        above = below + values[following] if following < len(values) else inf
        running.append(min(max(before + value, running[-1] if running else 0.0), above))
    return running
