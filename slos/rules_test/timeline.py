"""What happens to an SLO in a test: traffic and bad events, cell by cell, in seconds as declared from the test's start."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
    looks back may not have noticed yet.
    """

    bad: float
    traffic: float
    present: bool
    restarted: bool = False
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Timeline:
    """Cells of `cell_seconds`, one after the other; `events` are those of a whole cell with the traffic 1."""

    cells: tuple[Cell, ...]
    cell_seconds: float
    events: float

    @property
    def seconds(self) -> float:
        return len(self.cells) * self.cell_seconds

    def between(self, start: float, end: float) -> Sequence[Cell]:
        """The cells in (start, end]."""
        first, last = round(start / self.cell_seconds), round(end / self.cell_seconds)
        return self.cells[max(first, 0) : max(last, 0)]


def continuous(segments: Sequence[Segment], cell_seconds: float, events: float) -> Timeline:
    """Every cell as bad as its segment."""
    cells: list[Cell] = []
    for segment in segments:
        count = round(segment.seconds / cell_seconds)
        cell = Cell(segment.bad, segment.traffic, segment.present)
        cells += [replace(cell, restarted=segment.restarted), *[cell] * (count - 1)] if count else []
    return Timeline(tuple(cells), cell_seconds, events)


def sliced(segments: Sequence[Segment], cell_seconds: float, lag_seconds: float) -> Timeline:
    """Every cell is good or bad as a whole, the bad ones spread evenly over their segment."""
    states: list[tuple[bool, bool]] = []
    for segment in segments:
        count = round(segment.seconds / cell_seconds)
        marks = [int((index + 1) * segment.bad + 1e-9) for index in range(count)]
        states += [(now > before, segment.present) for before, now in zip([0, *marks], marks, strict=False)]
    lag = -int(-lag_seconds // cell_seconds)
    cells = []
    unchanged = lag + 1
    for index, (bad, present) in enumerate(states):
        unchanged = unchanged + 1 if index == 0 or states[index - 1][0] == bad else 1
        cells.append(Cell(float(bad), 1.0, present, certain=unchanged > lag))
    return Timeline(tuple(cells), cell_seconds, 1.0)


def counted(cells: Sequence[Cell], events: float) -> tuple[Counts, Counts]:
    """The counts of some cells: as few bad events as there may be, and as many."""
    total = sum(cell.traffic for cell in cells if cell.present) * events
    least = sum(cell.bad * cell.traffic for cell in cells if cell.present and cell.certain) * events
    most = sum((cell.bad if cell.certain else 1.0) * cell.traffic for cell in cells if cell.present) * events
    return Counts(least, total), Counts(most, total)
