"""Two runs beside each other: what is the same, and what changed. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from runner.alerting.timeline import STAGES, AlertTimeline
from runner.runs.record import RunRecord

Unit = Literal["text", "seconds", "share", "burn"]
Value = str | float | None
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Fact:
    """What both runs say of one thing; None is unknown, or not there. Times are seconds, shares 0..1."""

    name: str
    unit: Unit
    first: Value
    second: Value

    @property
    def same(self) -> bool:
        return self.first == self.second

    @property
    def change(self) -> float | None:
        """How much more the second one has; None where one of them is no number."""
        if isinstance(self.first, str) or isinstance(self.second, str) or None in (self.first, self.second):
            return None
        return (self.second or 0.0) - (self.first or 0.0)


def compare(first: RunRecord, second: RunRecord) -> Sequence[Fact]:
    """Everything by which two runs can be told apart, in the order in which one asks."""
    return tuple(fact for part in (_general, _times, _budgets, _alerts, _versions) for fact in part(first, second))


def _general(first: RunRecord, second: RunRecord) -> Iterator[Fact]:
    yield Fact("verdict", "text", first.verdict, second.verdict)
    yield Fact("reason", "text", first.reason, second.reason)
    yield Fact("experiment", "text", first.title, second.title)
    yield Fact("plan", "text", first.digest or None, second.digest or None)
    yield Fact("cluster", "text", first.place or None, second.place or None)
    yield Fact("stopped by", "text", _stop(first), _stop(second))
    yield Fact("targets", "text", _targets(first), _targets(second))


def _times(first: RunRecord, second: RunRecord) -> Iterator[Fact]:
    yield Fact("lasted", "seconds", _lasted(first), _lasted(second))
    for name in ("detect", "page", "recover"):
        values = (getattr(run.durations, name) for run in (first, second))
        yield Fact(f"time to {name}", "seconds", *values)


def _budgets(first: RunRecord, second: RunRecord) -> Iterator[Fact]:
    for slo in _names(run.spent for run in (first, second)):
        yield Fact(f"spent of {slo}", "share", first.spent.get(slo), second.spent.get(slo))
    peaks = [_peaks(run) for run in (first, second)]
    for slo in _names(peaks):
        yield Fact(f"highest burn of {slo}", "burn", peaks[0].get(slo), peaks[1].get(slo))


def _alerts(first: RunRecord, second: RunRecord) -> Iterator[Fact]:
    """By alert and severity: the same name may page and write a ticket."""
    timelines = [{(one.alert, one.severity): one for one in run.alerts.timelines} for run in (first, second)]
    for alert, severity in _names(timelines):
        one, other = (found.get((alert, severity)) for found in timelines)
        name = f"{alert} ({severity})"
        yield Fact(name, "text", _outcome(one), _outcome(other))
        for stage in STAGES[1:]:
            seconds = [None if line is None else line.after_fault(stage) for line in (one, other)]
            if seconds != [None, None]:
                yield Fact(f"{name}: {stage}", "seconds", *seconds)


def _versions(first: RunRecord, second: RunRecord) -> Iterator[Fact]:
    for name in _names(run.versions for run in (first, second)):
        yield Fact(f"version of {name}", "text", first.versions.get(name), second.versions.get(name))


def _names(of_both: Iterable[Iterable[Key]]) -> Sequence[Key]:
    """Those of the first one, then what only the second one has."""
    return list(dict.fromkeys(name for names in of_both for name in names))


def _stop(run: RunRecord) -> str | None:
    return None if run.stop is None else run.stop.kind


def _targets(run: RunRecord) -> str | None:
    return "\n".join(dict.fromkeys(f"{one.fault} on {one.target}" for one in run.transitions)) or None


def _lasted(run: RunRecord) -> float | None:
    return None if run.ended_at is None else run.ended_at - run.started_at


def _peaks(run: RunRecord) -> dict[str, float]:
    peaks: dict[str, float] = {}
    for sample in run.samples:
        if sample.burn is not None:
            peaks[sample.slo] = max(peaks.get(sample.slo, 0.0), sample.burn)
    return peaks


def _outcome(timeline: AlertTimeline | None) -> str | None:
    if timeline is None:
        return None
    return f"{timeline.outcome} at {timeline.lost_at}" if timeline.lost_at else timeline.outcome
