"""The timeline as geometry: where everything is, in percent of the width and height of its lane. Pure.

Percent, and not pixels, so that one picture fits a wall, a phone and a sheet of paper.
"""

from dataclasses import dataclass

from runner.report.axis import Axis, Band, Tick
from runner.report.bars import AlertLane, FaultLane, alert_lanes, fault_lanes
from runner.report.model import Report, Tone
from runner.report.slo_lanes import SloLane, facts, slo_lanes
from runner.report.wording import clock, offset
from runner.runs.record import RUNNING

_ROOM = 0.02
_RIGHT_HALF = 50.0
"""Flags beyond this percentage are written to the left of their pole."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A turn of the run: a pole through all lanes, and words on it at a height of its own."""

    x: float
    label: str
    time: str
    tone: Tone
    level: int
    left: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that the timeline shows, from top to bottom; `description` says it in words."""

    flags: tuple[Flag, ...]
    fault: Band | None
    slos: tuple[SloLane, ...]
    faults: tuple[FaultLane, ...]
    alerts: tuple[AlertLane, ...]
    ticks: tuple[Tick, ...]
    description: str

    @property
    def kinds(self) -> frozenset[str]:
        """What there is to be seen: the kinds of rules, bands and marks. Nothing, of a run that never got anywhere."""
        return frozenset(
            (
                *(rule.kind for slo in self.slos for rule in slo.rules),
                *(band.kind for fault in self.faults for band in fault.bands),
                *(band.kind for alert in self.alerts for band in alert.bands),
                *(band.kind for slo in self.slos for band in slo.unknown),
                *(mark.kind for alert in self.alerts for mark in alert.marks),
            )
        )


def chart_of(report: Report) -> Chart:
    """The timeline of a run."""
    axis = _axis(report)
    return Chart(
        flags=_flags(report, axis),
        fault=_fault_window(report, axis),
        slos=slo_lanes(report.budgets, report.record.samples, axis),
        faults=fault_lanes(report.targets, axis),
        alerts=alert_lanes(report.alerts, axis),
        ticks=axis.ticks(),
        description=_description(report),
    )


def _axis(report: Report) -> Axis:
    moments = report.moments
    start = min([moments.start, *(sample.at for sample in report.record.samples)])
    end = max(moments.end, moments.recovered or start, start + 1.0)
    room = (end - start) * _ROOM
    return Axis(start - room, end + room, moments.zero)


def _flags(report: Report, axis: Axis) -> tuple[Flag, ...]:
    moments, stop = report.moments, report.record.stop
    turns: list[tuple[float, str, Tone]] = []
    if moments.fault is not None:
        turns.append((moments.fault, "fault in effect", "warn"))
    if stop is not None:
        turns.append((stop.at, "guard stops the run", "bad"))
    if moments.out is not None:
        turns.append((moments.out, "all faults out", "good"))
    if moments.recovered is not None:
        turns.append((moments.recovered, "SLOs back", "good"))
    turns.append((moments.end, _last_words(report), report.headline.tone))
    flags = []
    for level, (at, label, tone) in enumerate(sorted(turns, key=lambda one: one[0])):
        x = axis.x(at)
        flags.append(Flag(x, label, offset(moments.offset(at)), tone, level, x > _RIGHT_HALF))
    return tuple(flags)


def _last_words(report: Report) -> str:
    if report.record.ended_at is None:
        return "so far" if report.record.verdict == RUNNING else "last sign of life"
    return f"end: {report.headline.verdict}"


def _fault_window(report: Report, axis: Axis) -> Band | None:
    moments = report.moments
    if moments.fault is None:
        return None
    return axis.band(moments.fault, axis.end if moments.out is None else moments.out, "fault")


def _description(report: Report) -> str:
    """The picture in words, for whoever cannot see it; the chronology has everything."""
    moments = report.moments
    parts = [f"Timeline of the run from {clock(moments.start)} to {clock(moments.end)} UTC."]
    if moments.fault is not None:
        out = f"to {clock(moments.out)}" if moments.out is not None else "and was not seen to come out"
        parts.append(f"The fault was in effect from {clock(moments.fault)} {out}.")
    parts += [f"{row.slo}: {facts(row)}." for row in report.budgets if facts(row)]
    parts += [f"{card.alert}: {card.summary}." for card in report.alerts]
    return " ".join(parts)
