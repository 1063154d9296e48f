"""The lanes of a timeline that show faults and alerts: states over time, as bars. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runner.report.axis import Axis, Band
from runner.report.model import AlertCard, TargetRow, Tone
from runner.report.wording import counted, offset

_BARS_AT_MOST = 8
"""More targets than these have one bar for each fault together."""


@dataclass(frozen=True, slots=True)
class FaultLane:
    """When a fault was going in, in effect and coming out."""

    name: str
    target: str
    bands: tuple[Band, ...]
    stuck: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A stage of an alert, at `x` percent."""

    x: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class AlertLane:
    """An alert's states over time, with its stages and the prediction."""

    name: str
    severity: str
    summary: str
    tone: Tone
    bands: tuple[Band, ...]
    marks: tuple[Mark, ...]


def fault_lanes(targets: Sequence[TargetRow], axis: Axis) -> tuple[FaultLane, ...]:
    """A lane for each fault on each target, or where there are many, for each fault."""
    rows = [row for row in targets if row.began_at is not None]
    if len(rows) <= _BARS_AT_MOST:
        return tuple(FaultLane(row.fault, row.target, tuple(_bars([row], axis)), row.state == "stuck") for row in rows)
    faults: dict[str, list[TargetRow]] = {}
    for row in rows:
        faults.setdefault(row.fault, []).append(row)
    return tuple(_together(fault, own, axis) for fault, own in faults.items())


def _together(fault: str, rows: Sequence[TargetRow], axis: Axis) -> FaultLane:
    stuck = sum(row.state == "stuck" for row in rows)
    words = counted(len(rows), "target") + (f", {stuck} of them stuck" if stuck else "")
    return FaultLane(fault, words, tuple(_bars(rows, axis)), bool(stuck))


def _bars(rows: Sequence[TargetRow], axis: Axis) -> Iterator[Band]:
    """From the first that goes in to the last that comes out."""
    intended = min((at for row in rows if (at := _first(row)) is not None), default=axis.start)
    active = min((row.active_at for row in rows if row.active_at is not None), default=None)
    undoing = max((row.undoing_at for row in rows if row.undoing_at is not None), default=None)
    undone = [row.undone_at for row in rows if row.undone_at is not None]
    end = max(undone) if len(undone) == len(rows) else axis.end
    leaving = end if undoing is None else min(undoing, end)
    stuck = min((row.stuck_at for row in rows if row.stuck_at is not None), default=None)
    if active is None:
        yield axis.band(intended, leaving, "going", "not seen in effect")
    else:
        yield axis.band(intended, active, "going", "going in")
        yield axis.band(active, leaving, "active", "in effect")
    yield axis.band(leaving, end if stuck is None else stuck, "leaving", "coming out")
    if stuck is not None:
        yield axis.band(stuck, axis.end, "stuck", "stuck")


def _first(row: TargetRow) -> float | None:
    return row.intended_at if row.intended_at is not None else row.active_at


def alert_lanes(cards: Sequence[AlertCard], axis: Axis) -> tuple[AlertLane, ...]:
    """A lane for each expected alert."""
    return tuple(_alert(card, axis) for card in cards)


def _alert(card: AlertCard, axis: Axis) -> AlertLane:
    marks = [
        Mark(axis.x(row.at), row.stage.replace(" ", "-"), " ".join((row.label, _after(row.after))).strip())
        for row in card.stages
        if row.at is not None and row.stage != "fault"
    ]
    if card.predicted_at is not None and axis.shows(card.predicted_at):
        marks.insert(0, Mark(axis.x(card.predicted_at), "predicted", "predicted to fire"))
    return AlertLane(card.alert, card.severity, card.summary, card.tone, tuple(_states(card, axis)), tuple(marks))


def _after(seconds: float | None) -> str:
    return "" if seconds is None else offset(seconds)


def _states(card: AlertCard, axis: Axis) -> Iterator[Band]:
    """Crossed, pending, firing: each until the next one that was seen, or as long as anything is known."""
    order = [(name, card.at(name)) for name in ("crossed", "pending", "firing", "resolved")]
    seen = [(name, at) for name, at in order if at is not None]
    for index, (name, at) in enumerate(seen):
        if name != "resolved":
            end = seen[index + 1][1] if index + 1 < len(seen) else axis.end
            yield axis.band(at, end, name, name)
