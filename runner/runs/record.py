"""All that is kept of a run: what the results store gives and what reports, dashboards and reviews are made of.

Times are seconds since the epoch. Whatever is not known is None or absent, never 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from runner.alerting.timeline import AlertPath

DIED = "died"
"""The verdict of a run that began and whose process is gone without having said how it ended."""
RUNNING = "running"
"""The verdict of a run that goes on."""

TransitionState = Literal["intended", "active", "undoing", "undone", "stuck"]


@dataclass(frozen=True, slots=True)
class WatchedObjective:
    """An SLO that the run watched: its objective (ratio 0..1), window (`28d`), and the burn rate that ends the run."""

    slo: str
    objective: float
    window: str
    abort_burn: float
    abort_window_seconds: float


@dataclass(frozen=True, slots=True)
class SloSample:
    """One reading of an SLO: burn rate, share of the budget spent since the fault (1 is all); None is unknown."""

    at: float
    slo: str
    burn: float | None
    spend: float | None
    reason: str = ""
    """Why it is unknown."""


@dataclass(frozen=True, slots=True)
class LedgerTransition:
    """A fault on a target came into a state of the ledger."""

    at: float
    record: str
    fault: str
    target: str
    """In words: `pod ml-serving/llm-0`."""
    state: TransitionState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Durations:
    """Seconds from the fault: until the guard or an alert saw it, until somebody was paged, until all was well again.

    detect: to the first of an expected alert that fires and a breach that stopped the run. page: to the first
    notification of an expected alert. recover: to the recovery of the SLOs, from the undo.
    """

    detect: float | None = None
    page: float | None = None
    recover: float | None = None


@dataclass(frozen=True, slots=True)
class EarlyStop:
    """What ended a run before its time: when it was asked for (seconds since the epoch), which kind, and why.

    `kind` is a word of runner.guarding.stops.StopKind: breach, spend, unknown, deadline, halt, ...
    """

    at: float
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run of an experiment.

    `experiment` is its file as it was named, where that is known; `digest` and `token` are those of its plan. `plan` is
    the document of `chaos plan --json`, `summary` that of the journal's `mlchaos`. `spent` has the share of each SLO's
    error budget (1 is all of it). `faults` is how many went in (None: not known).
    """

    run_id: str
    title: str
    started_at: float
    verdict: str
    ended_at: float | None = None
    reason: str = ""
    experiment: str = ""
    tags: tuple[str, ...] = ()
    dry: bool = False
    place: str = ""
    host: str = ""
    digest: str = ""
    token: str = ""
    faults: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    plan: Mapping[str, Any] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)
    spent: Mapping[str, float] = field(default_factory=dict)
    objectives: tuple[WatchedObjective, ...] = ()
    samples: tuple[SloSample, ...] = ()
    transitions: tuple[LedgerTransition, ...] = ()
    alerts: AlertPath = field(default_factory=AlertPath)
    durations: Durations = field(default_factory=Durations)
    stop: EarlyStop | None = None
