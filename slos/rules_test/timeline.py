"""What happens to an SLO in a test: traffic and bad events, cell by cell. Seconds are those declared, not scaled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from slos.burn import Counts


@dataclass(frozen=True, slots=True)
class Segment:
    """A time in which nothing changes: the share of bad events (0..1) and how much traffic there is.

    `traffic` is relative: 1 is the scenario's normal, 0 none. Without `present` there are no series at all, and with
    `restarted` every counter begins at nothing again.
    """

    seconds: float
    bad: float = 0.0
    traffic: float = 1.0
    present: bool = True
    restarted: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A segment's shortest part, for which there is one sample, at its end.

    `bad` is the share of bad events (0 or 1 where events are slices of time). `certain` is false where a query that
    looks back may not have noticed yet, `reading` where no slice of time ends that is looked at.
    """

    bad: float
    traffic: float
    present: bool
    restarted: bool = False
    certain: bool = True
    reading: bool = True

    @property
    def kind(self) -> tuple[float, float, bool, bool]:
        """Cells of one kind are alike."""
        return self.bad, self.traffic, self.present, self.certain


@dataclass(frozen=True, slots=True)
class Extent:
    """What some time holds: at least and at most; `uniform` where all of it that has data is alike."""

    least: Counts
    most: Counts
    uniform: bool
    present_seconds: float


class Timeline:
    """Cells of `cell_seconds`, one after the other; `events` are those of a whole cell with the traffic 1.

    `lag_seconds`: for so long a query may still see series that are gone. `exact_throughout`: whether a query
    is exact only over windows that have data throughout.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        cell_seconds: float,
        events: float,
        lag_seconds: float = 0.0,
        exact_throughout: bool = False,
    ) -> None:
        self.cells = tuple(cells)
        self.cell_seconds = cell_seconds
        self.events = events
        self.lag_seconds = lag_seconds
        self.exact_throughout = exact_throughout
        there = [cell if cell.present else _NOTHING for cell in self.cells]
        self._totals = _sums(cell.traffic * cell.reading for cell in there)
        self._least = _sums(cell.bad * cell.traffic * cell.certain * cell.reading for cell in there)
        self._most = _sums((cell.bad if cell.certain else 1.0) * cell.traffic * cell.reading for cell in there)
        self._present = _sums(cell.present for cell in there)
        self._changes = _sums(one.kind != other.kind for one, other in pairwise(self.cells))

    @property
    def seconds(self) -> float:
        return len(self.cells) * self.cell_seconds

    def between(self, start: float, end: float) -> Extent | None:
        """What (start, end] holds; None where there are no data."""
        last = min(round(end / self.cell_seconds), len(self.cells))
        first = min(max(round(start / self.cell_seconds), 0), last)
        present = self._present[last] - self._present[first]
        if not present:
            return None
        total, least, most = (
            max(sums[last] - sums[first], 0.0) * self.events for sums in (self._totals, self._least, self._most)
        )
        uniform = self._changes[last - 1] == self._changes[first] and self.cells[first].certain
        return Extent(Counts(least, total), Counts(most, total), uniform, present * self.cell_seconds)

    def throughout(self, start: float, end: float) -> bool:
        """Whether there is a sample for all of [start, end], its left end included."""
        found = self.between(start - self.cell_seconds, end)
        return found is not None and round((end - start - found.present_seconds) / self.cell_seconds) < 0


_NOTHING = Cell(0.0, 0.0, present=False)


def _sums(numbers: Iterable[float]) -> tuple[float, ...]:
    """Of the first none, one, two... numbers."""
    return tuple(accumulate(numbers, initial=0.0))


def continuous(
    segments: Sequence[Segment], cell_seconds: float, events: float, exact_throughout: bool = False
) -> Timeline:
    """Every cell as bad as its segment."""
    cells: list[Cell] = []
    for segment in segments:
        count = round(segment.seconds / cell_seconds)
        cell = Cell(segment.bad, segment.traffic, segment.present)
        cells += [replace(cell, restarted=segment.restarted), *[cell] * (count - 1)] if count else []
    return Timeline(cells, cell_seconds, events, exact_throughout=exact_throughout)


def sliced(segments: Sequence[Segment], slice_seconds: float, cell_seconds: float, lag_seconds: float) -> Timeline:
    """Every slice is good or bad as a whole, the bad ones spread evenly over their segment; a cell divides a slice."""
    cells: list[Cell] = []
    per_slice = round(slice_seconds / cell_seconds)
    unchanged = 0.0
    for segment in segments:
        slices = 0
        bad = False
        for _ in range(round(segment.seconds / cell_seconds)):
            if len(cells) % per_slice == 0 or not slices:
                bad = int((slices + 1) * segment.bad + 1e-9) > int(slices * segment.bad + 1e-9)
                slices += 1
            same = not cells or (cells[-1].bad, cells[-1].present) == (float(bad), segment.present)
            unchanged = unchanged + cell_seconds if same else cell_seconds
            certain = unchanged > lag_seconds or unchanged == (len(cells) + 1) * cell_seconds
            reading = (len(cells) + 1) % per_slice == 0
            cells.append(Cell(float(bad), 1.0, segment.present, certain=certain, reading=reading))
    return Timeline(cells, cell_seconds, 1.0, lag_seconds)
