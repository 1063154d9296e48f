"""The lanes of a timeline that show SLIs: share of good events over time, with the objective. Pure."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runner.report.axis import Axis, Band
from runner.report.budgets import unknown_stretches
from runner.report.model import BudgetRow
from runner.report.wording import burn, good_share, objective, percent, window
from runner.runs.record import SloSample

WIDTH, HEIGHT = 1000, 100
"""Of the picture, in its own units."""
_QUIET_BURN = 1.0
_HEADROOM = 1.12
_LABEL_HEIGHT = 15.0
_QUIET_LABEL_HEIGHT = 34.0
"""Percent of a lane's height that a label takes; of two that would touch, the more important one is kept."""

Depth = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Rule:
    """A level across a lane, in percent from its top, and what it stands for (empty where there is no room)."""

    y: float
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class SloLane:
    """An SLI over time: all good is the top, and what is drawn below the objective burns budget.

    `lines` and `areas` are SVG paths, one for each stretch without a gap; `objective_y` is in percent from the top.
    """

    name: str
    subtitle: str
    facts: str
    lines: tuple[str, ...]
    areas: tuple[str, ...]
    unknown: tuple[Band, ...]
    rules: tuple[Rule, ...]
    objective_y: float
    quiet: bool
    breached: bool
    empty: str


def slo_lanes(rows: Sequence[BudgetRow], samples: Sequence[SloSample], axis: Axis) -> tuple[SloLane, ...]:
    """A lane for each SLO: those with unknown stretches first, then those that burned most."""
    own: dict[str, list[SloSample]] = {row.slo: [] for row in rows}
    for sample in sorted(samples, key=lambda one: one.at):
        own[sample.slo].append(sample)
    order = sorted(rows, key=lambda row: (row.unknown_seconds == 0, -(row.worst_burn or 0.0)))
    return tuple(_lane(row, own[row.slo], axis) for row in order)


def facts(row: BudgetRow) -> str:
    """The worst that was seen of an SLO, and what it paid."""
    parts = []
    if row.worst_burn == 0:
        parts.append("nothing bad was seen")
    elif row.worst_burn is not None:
        lowest = f"lowest {_good(row.objective, row.worst_burn)}, " if row.objective is not None else ""
        parts.append(f"{lowest}burn {burn(row.worst_burn)} at worst")
    if row.spent is not None:
        parts.append(f"spent {percent(row.spent)} of its budget")
    return ", ".join(parts)


def _lane(row: BudgetRow, samples: Sequence[SloSample], axis: Axis) -> SloLane:
    worst = row.worst_burn or 0.0
    quiet = worst < _QUIET_BURN and not row.unknown_seconds and bool(samples)
    most = _deepest(row, quiet)
    depth = _by_root(most)
    stretches = [_points(one, axis, depth) for one in _stretches(samples)]
    return SloLane(
        name=row.slo,
        subtitle=_goal(row),
        facts=facts(row),
        lines=tuple(f"M{'L'.join(points if len(points) > 1 else points * 2)}" for points in stretches),
        areas=tuple(_area(points) for points in stretches),
        unknown=tuple(
            axis.band(start, end, "unknown", f"unknown: {row.reason}") for start, end in unknown_stretches(samples)
        ),
        rules=_rules(row, most, depth, quiet),
        objective_y=depth(1.0),
        quiet=quiet,
        breached=row.abort_burn is not None and worst >= row.abort_burn,
        empty="" if samples else "No readings of it are kept.",
    )


def _goal(row: BudgetRow) -> str:
    if row.objective is None:
        return "objective not known"
    return f"objective {objective(row.objective)}{f' over {window(row.window)}' if row.window else ''}"


def _deepest(row: BudgetRow, quiet: bool) -> float:
    """The burn rate at the bottom of a lane."""
    most = max(row.worst_burn or 0.0, row.abort_burn or 0.0 if not quiet else 0.0, 2.0) * _HEADROOM
    if row.objective is not None and row.objective < 1:
        most = min(most, 1.04 / (1 - row.objective))  # fewer than no good events there cannot be
    return most


def _by_root(most: float) -> Depth:
    """Percent from the top for a burn rate. By its root: a burn of 1 is seen beside one of 100."""
    return lambda rate: round(HEIGHT * math.sqrt(min(max(rate, 0.0), most) / most), 2)


def _good(goal: float, rate: float) -> str:
    return good_share(1 - rate * (1 - goal))


def _rules(row: BudgetRow, most: float, depth: Depth, quiet: bool) -> tuple[Rule, ...]:
    levels: list[tuple[float, str]] = [(1.0, "objective")]
    if not quiet and row.abort_burn is not None and row.abort_burn <= most:
        levels.append((row.abort_burn, "abort"))
    if not quiet and row.worst_burn is not None:
        levels.append((row.worst_burn, "worst"))
    levels.append((0.0, "top"))
    apart = _QUIET_LABEL_HEIGHT if quiet else _LABEL_HEIGHT
    labelled: list[float] = []
    rules = []
    for rate, kind in levels:
        y = depth(rate)
        room = all(abs(y - other) >= apart for other in labelled)
        if room:
            labelled.append(y)
        rules.append(Rule(y, _level(row, rate) if room else "", kind))
    return tuple(rules)


def _level(row: BudgetRow, rate: float) -> str:
    if row.objective is None:
        return f"burn {burn(rate)}"
    return objective(row.objective) if rate == 1 else _good(row.objective, rate)


def _stretches(samples: Sequence[SloSample]) -> list[list[tuple[float, float]]]:
    """The known readings in a row, (time, burn), broken where something was unknown."""
    stretches: list[list[tuple[float, float]]] = [[]]
    for sample in samples:
        if sample.burn is None:
            stretches.append([])
        else:
            stretches[-1].append((sample.at, sample.burn))
    return [one for one in stretches if one]


def _points(stretch: Sequence[tuple[float, float]], axis: Axis, depth: Depth) -> list[str]:
    """At most four points for each unit of the width: first, least, most and last of it, so that no dip is lost."""
    columns: dict[int, list[tuple[float, float]]] = {}
    for at, rate in stretch:
        x = axis.x(at) * WIDTH / 100
        columns.setdefault(int(x), []).append((round(x, 1), depth(rate)))
    points: list[tuple[float, float]] = []
    for column in columns.values():
        low, high = min(column, key=lambda one: one[1]), max(column, key=lambda one: one[1])
        points += dict.fromkeys((column[0], *sorted((low, high)), column[-1]))
    return [f"{x:g} {y:g}" for x, y in points]


def _area(points: Sequence[str]) -> str:
    first, last = points[0].split()[0], points[-1].split()[0]
    return f"M{first} 0L{'L'.join(points)}L{last} 0Z"
