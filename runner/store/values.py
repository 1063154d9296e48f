"""What the results store gives beside whole runs (runner.runs.record.RunRecord): lean rows for lists and reviews.

Times are seconds since the epoch, durations seconds, shares 0..1 (more where a budget was overspent). None is unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from runner.alerting.timeline import AlertTimeline
from runner.runs.record import Durations

_NOTHING: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs are meant; what is empty asks nothing.

    `experiment` is a part of the title or of the experiment's file, whatever the case. `since` and `until` are about
    the beginning of the run. `limit` leaves the newest ones.
    """

    experiment: str = ""
    verdicts: tuple[str, ...] = ()
    tag: str = ""
    since: float | None = None
    until: float | None = None
    limit: int | None = None


class RunRow(NamedTuple):
    """A run in a list; a tuple, since there are thousands of them, and one is made in a third of the time.

    `heard_at` is when something was last heard of it.
    `limits` is what its plan lets it spend at most of each SLO's error budget; empty for a run without a plan.
    """

    run_id: str
    title: str
    experiment: str
    started_at: float
    ended_at: float | None
    verdict: str
    reason: str
    dry: bool
    host: str
    faults: int | None
    durations: Durations
    spent: Mapping[str, float] = _NOTHING
    tags: tuple[str, ...] = ()
    heard_at: float = 0.0
    limits: Mapping[str, float] = _NOTHING


class TrendPoint(NamedTuple):
    """A run that put a fault in and was judged, as a trend over time sees it; a tuple like RunRow."""

    run_id: str
    title: str
    experiment: str
    started_at: float
    verdict: str
    durations: Durations
    spent: Mapping[str, float] = _NOTHING


@dataclass(frozen=True, slots=True)
class AlertTry:
    """One run that expected an alert, and what it saw of it. `at` is when the run began."""

    run_id: str
    title: str
    at: float
    timeline: AlertTimeline


@dataclass(frozen=True, slots=True)
class AlertProof:
    """What the runs say of one alert: how many expected it, how many proved it, the last of both.

    Runs that expected it to be muted prove nothing of its way, and are not counted.
    """

    alert: str
    slo: str
    severity: str
    tries: int
    proven: int
    last: AlertTry
    last_proven: AlertTry | None
