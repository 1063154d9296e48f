"""Chaos runs as an on-call sees them beside a burn: what ran, when, how it ended, and how long both were at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from runner.runs.record import DIED

AFTERMATH_SECONDS = 3600.0
"""A run that died may have left its fault behind: burns that begin this much later are still shown with it."""


@dataclass(frozen=True, slots=True)
class ChaosRun:
    """One run. Times are seconds since the epoch; the end is None while it runs, and unknown when it died.

    `faults` is how many faults went in (None: not known); `source` is what tells of it: a file, or the store.
    `spent` has the share of each SLO's error budget (1 is all of it) that it cost, where that is known.
    """

    run_id: str
    title: str
    started_at: float
    ended_at: float | None
    verdict: str
    faults: int | None
    source: str
    spent: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    dry: bool = False

    @property
    def may_have_hurt(self) -> bool:
        return self.faults != 0


@dataclass(frozen=True, slots=True)
class Coincidence:
    """A run beside a burn. `overlap_seconds` is None when the end of the run is unknown, 0 if it ended just before."""

    run: ChaosRun
    overlap_seconds: float | None


def runs_beside(
    start: float, end: float, runs: Iterable[ChaosRun], now: float, lag_seconds: float
) -> Sequence[Coincidence]:
    """The runs that may have caused a burn from `start` to `end` (epoch seconds), oldest first.

    A run whose damage is counted only after the next scrape ends before the burn begins: `lag_seconds` are allowed.
    """
    beside = (_coincidence(start, end, run, now, lag_seconds) for run in runs if run.may_have_hurt)
    return sorted((one for one in beside if one is not None), key=lambda one: one.run.started_at)


def _coincidence(start: float, end: float, run: ChaosRun, now: float, lag: float) -> Coincidence | None:
    if run.verdict == DIED:
        near = start - AFTERMATH_SECONDS <= run.started_at < end
        return Coincidence(run, None) if near else None
    ended_at = now if run.ended_at is None else run.ended_at
    if run.started_at >= end or ended_at <= start - lag:
        return None
    return Coincidence(run, max(min(end, ended_at) - max(start, run.started_at), 0.0))
