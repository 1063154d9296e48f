"""How runs of the same experiment have done over time: the last ones beside those before. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from runner.store.values import TrendPoint

LAST_RUNS = 5
"""How many runs are `now`; a median of fewer would be one run's luck."""
HELD = "held"


@dataclass(frozen=True, slots=True)
class Figure:
    """A median of the last runs, and of all before; None where none of them says. Lower is better."""

    now: float | None
    before: float | None

    @property
    def change(self) -> float | None:
        """How much of what it was it has grown by (0.5: half as much again); None where that cannot be said."""
        if self.now is None or not self.before:
            return None
        return self.now / self.before - 1


@dataclass(frozen=True, slots=True)
class Trend:
    """One experiment over time, by its title. `spent` is about the SLO that cost most in a run.

    `points` are oldest first; `verdicts` counts all of them.
    """

    title: str
    experiment: str
    points: tuple[TrendPoint, ...]
    verdicts: Mapping[str, int]
    detect: Figure
    page: Figure
    recover: Figure
    spent: Figure

    @property
    def held_share(self) -> float:
        """Of all its runs (0..1)."""
        return self.verdicts.get(HELD, 0) / len(self.points)


def trends_of(points: Iterable[TrendPoint]) -> Sequence[Trend]:
    """One trend for each title, the one that ran last first."""
    of_title: dict[str, list[TrendPoint]] = {}
    for point in points:
        of_title.setdefault(point.title, []).append(point)
    made = (_trend(title, sorted(own, key=lambda one: one.started_at)) for title, own in of_title.items())
    return sorted(made, key=lambda trend: trend.points[-1].started_at, reverse=True)


def most_spent(spent: Mapping[str, float]) -> float | None:
    """The share of the SLO that a run cost most."""
    return max(spent.values(), default=None)


def _trend(title: str, points: Sequence[TrendPoint]) -> Trend:
    verdicts: dict[str, int] = {}
    for point in points:
        verdicts[point.verdict] = verdicts.get(point.verdict, 0) + 1
    return Trend(
        title=title,
        experiment=points[-1].experiment,
        points=tuple(points),
        verdicts=verdicts,
        detect=_figure([point.durations.detect for point in points]),
        page=_figure([point.durations.page for point in points]),
        recover=_figure([point.durations.recover for point in points]),
        spent=_figure([most_spent(point.spent) for point in points]),
    )


def _figure(values: Sequence[float | None]) -> Figure:
    return Figure(_median(values[-LAST_RUNS:]), _median(values[:-LAST_RUNS]))


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
