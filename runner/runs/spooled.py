"""The run that a spool tells of: what was written is what is read, wherever the run came to its end. Pure."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.alerting.timeline import AlertPath
from runner.runs.alert_documents import read_alert_path
from runner.runs.durations import durations
from runner.runs.record import (
    DIED,
    RUNNING,
    EarlyStop,
    LedgerTransition,
    RunRecord,
    SloSample,
    WatchedObjective,
)  # fmt: skip

YEAR_10000 = 253_402_300_800.0


class NoRunError(ValueError):
    """A file that tells of no run."""


@dataclass(frozen=True, slots=True)
class Process:
    """Which process does the run: on which machine, its number, and when it began (runner.runs.process).

    `held`: it holds its spool for as long as it lives (runner.runs.holding).
    """

    host: str
    pid: int
    started: str | None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Spooled:
    """What a spool holds. `heard_at` is the time of the last fact; `skipped` counts lines that are none."""

    record: RunRecord
    heard_at: float
    process: Process
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class _Ended:
    """How the run came out, as far as it did."""

    verdict: str
    reason: str = ""
    faults: int | None = None
    recover: float | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Facts:
    """What the lines have said so far."""

    began: Mapping[str, Any] | None = None
    process: Process | None = None
    started_at: float = 0.0
    planned: Mapping[str, Any] = field(default_factory=dict)
    objectives: tuple[WatchedObjective, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    transitions: list[LedgerTransition] = field(default_factory=list)
    samples: list[SloSample] = field(default_factory=list)
    stop: EarlyStop | None = None
    alerts: AlertPath = field(default_factory=AlertPath)
    ended: "_Ended | None" = None
    ended_at: float | None = None
    spent: Mapping[str, float] = field(default_factory=dict)
    heard_at: float = 0.0


def read_spool(lines: Iterable[str], lives: Callable[[Process], bool]) -> Spooled:
    """The run as far as it has come; `lives` says whether its process is still there. Raises NoRunError.

    A run whose process is gone without having said how it ended has died. Lines that are no facts (torn by a crash, or
    of another version of mlchaos) are skipped.
    """
    facts, skipped = _Facts(), 0
    for line in lines:
        if line.strip():
            try:
                _take(facts, json.loads(line, parse_constant=_unknown))
            except (ValueError, OverflowError, KeyError, TypeError, AttributeError, RecursionError):
                skipped += 1
    if facts.began is None or facts.process is None:
        raise NoRunError("it does not say which run it is of")
    if facts.ended is None:
        return Spooled(_record(facts, _unended(facts, lives(facts.process))), facts.heard_at, facts.process, skipped)
    return Spooled(_record(facts, facts.ended), facts.heard_at, facts.process, skipped)


def _take(facts: _Facts, line: Mapping[str, Any]) -> None:
    event = line["event"]
    _EVENTS[event](facts, line)
    if "at" in line:
        facts.heard_at = max(facts.heard_at, _time(line["at"]))


def _began(facts: _Facts, line: Mapping[str, Any]) -> None:
    facts.started_at = _time(line["at"])
    started = line["pid_started"]
    held = line.get("held") is True
    facts.process = Process(str(line["host"]), int(line["pid"]), None if started is None else str(started), held)
    facts.began = {**line, "run_id": str(line["run_id"]), "title": str(line["title"]), "dry": bool(line["dry"])}


def _planned(facts: _Facts, line: Mapping[str, Any]) -> None:
    facts.objectives = tuple(
        WatchedObjective(
            str(one["slo"]),
            float(one["objective"]),
            str(one["window"]),
            float(one["abort_burn"]),
            float(one["abort_window_seconds"]),
        )
        for one in line["objectives"]
    )
    facts.planned = line


def _versions(facts: _Facts, line: Mapping[str, Any]) -> None:
    facts.versions |= {str(name): str(version) for name, version in line["versions"].items()}


def _transition(facts: _Facts, line: Mapping[str, Any]) -> None:
    at, state = _time(line["at"]), line["state"]
    if state not in ("intended", "active", "undoing", "undone", "stuck"):
        raise ValueError(state)
    record, fault, target, reason = (str(line[key]) for key in ("record", "fault", "target", "reason"))
    facts.transitions.append(LedgerTransition(at, record, fault, target, state, reason))


def _samples(facts: _Facts, line: Mapping[str, Any]) -> None:
    at = _time(line["at"])
    for slo, burn, spend, reason in line["slos"]:
        facts.samples.append(SloSample(at, str(slo), _number(burn), _number(spend), str(reason)))


def _stopped(facts: _Facts, line: Mapping[str, Any]) -> None:
    facts.stop = EarlyStop(_time(line["at"]), str(line["kind"]), str(line["reason"]))


def _alerts(facts: _Facts, line: Mapping[str, Any]) -> None:
    facts.alerts = read_alert_path(line["alerts"])


def _end(facts: _Facts, line: Mapping[str, Any]) -> None:
    ended_at = max(_time(line["at"]), facts.started_at)
    spent = {str(slo): float(share) for slo, share in line["spent"].items()}
    verdict, reason = str(line["verdict"]), str(line["reason"])
    facts.ended = _Ended(verdict, reason, int(line["faults"]), _number(line["recover"]), dict(line["summary"]))
    facts.ended_at, facts.spent = ended_at, spent


_EVENTS: Mapping[str, Callable[[_Facts, Mapping[str, Any]], None]] = {
    "began": _began,
    "planned": _planned,
    "versions": _versions,
    "transition": _transition,
    "samples": _samples,
    "stopped": _stopped,
    "alerts": _alerts,
    "ended": _end,
}


def _unended(facts: _Facts, alive: bool) -> _Ended:
    """Nothing goes in that was not noted before; so without a plan there was no fault, and without a note one may be.

    What it had spent by its last reading is known, if not what came after.
    """
    records = len({one.record for one in facts.transitions})
    faults = records or (None if facts.planned else 0)
    facts.spent = {one.slo: one.spend for one in facts.samples if one.spend is not None} if records else {}
    if alive:
        return _Ended(RUNNING, "", faults)
    run_id = (facts.began or {})["run_id"]
    left = "" if faults == 0 else f"; what it has left is taken out by: chaos recover --run {run_id}"
    return _Ended(DIED, f"its process is gone and has not said how it ended{left}", faults)


def _record(facts: _Facts, end: _Ended) -> RunRecord:
    began, planned = facts.began or {}, facts.planned
    return RunRecord(
        run_id=began["run_id"],
        title=began["title"],
        started_at=facts.started_at,
        verdict=end.verdict,
        ended_at=facts.ended_at,
        reason=end.reason,
        experiment=str(began.get("experiment", "")),
        tags=tuple(str(tag) for tag in began.get("tags", ())),
        dry=began["dry"],
        place=str(planned.get("place", "")),
        host=str(began["host"]),
        digest=str(planned.get("digest", "")),
        token=str(planned.get("token", "")),
        faults=0 if began["dry"] else end.faults,
        versions=facts.versions,
        plan=planned.get("plan", {}),
        summary=end.summary,
        spent=facts.spent,
        objectives=facts.objectives,
        samples=tuple(facts.samples),
        transitions=tuple(facts.transitions),
        alerts=facts.alerts,
        durations=durations(facts.transitions, facts.alerts, facts.stop, end.recover),
        stop=facts.stop,
    )


def _time(value: object) -> float:
    at = float(value)  # type: ignore[arg-type]  # a TypeError is what a line that is none gives
    if not 0 <= at < YEAR_10000:
        raise ValueError(at)
    return at


def _number(value: object) -> float | None:
    number = None if value is None else float(value)  # type: ignore[arg-type]  # the same
    return number if number is not None and math.isfinite(number) else None


def _unknown(_constant: str) -> None:
    """NaN and infinities, which are no JSON."""
