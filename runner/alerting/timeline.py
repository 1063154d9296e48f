"""What became of each alert that a run expected: every stage of its way, and where it was lost. Pure values."""

from dataclasses import dataclass
from typing import Literal

Stage = Literal["fault", "crossed", "pending", "firing", "received", "notified", "resolved", "resolved notified"]
STAGES: tuple[Stage, ...] = (
    "fault",
    "crossed",
    "pending",
    "firing",
    "received",
    "notified",
    "resolved",
    "resolved notified",
)
"""In the order in which an alert goes through them.

fault: it is in effect. crossed: the burn of the SLI is above the alert's factor in both windows. pending, firing:
states of the rule in Prometheus. received: Alertmanager has it. notified: the receiver got it. resolved: the rule does
not fire any more. resolved notified: the receiver was told so.
"""

Evidence = Literal["ledger", "prometheus", "alertmanager", "sink", "metrics", "none"]
"""What saw it: `sink` is a receiver that keeps what it gets (the lab's pager, `chaos alerts sink`); `metrics` are
Alertmanager's counters of notifications, which say that one was sent and not which."""

Muting = Literal["silence", "inhibition"]
Outcome = Literal["proven", "lost", "unknown"]
"""unknown: it could not be seen whether it was lost."""


@dataclass(frozen=True, slots=True)
class StageSeen:
    """One stage: when (seconds since the epoch; None: not seen), by which evidence, and what else there is to say."""

    stage: Stage
    at: float | None
    evidence: Evidence = "none"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AlertTimeline:
    """The way of one expected alert.

    `predicted_at` is when the burn mathematics says that it fires (seconds since the epoch), None where that cannot be
    said, with the reason in `prediction`. Limits are in seconds. `lost_at` is the stage that was not reached, or not in
    time; `reason` says why in words.
    """

    alert: str
    slo: str
    severity: str
    receiver: str
    stages: tuple[StageSeen, ...]
    fires_within: float
    resolves_within: float | None
    outcome: Outcome
    lost_at: Stage | None = None
    reason: str = ""
    predicted_at: float | None = None
    prediction: str = ""
    muted_by: Muting | None = None
    """What was asked to keep it from its receiver."""
    notified_within: float | None = None

    def at(self, stage: Stage) -> float | None:
        """When a stage was seen (seconds since the epoch)."""
        return next((seen.at for seen in self.stages if seen.stage == stage), None)

    @property
    def evidence(self) -> Evidence:
        """What saw that it went to its receiver: that of the notification, or else of how far Alertmanager had it."""
        found = {seen.stage: seen.evidence for seen in self.stages if seen.at is not None}
        return found.get("notified", found.get("received", "none"))

    def after_fault(self, stage: Stage) -> float | None:
        """Seconds from the fault to a stage; None where one of them was not seen."""
        fault, at = self.at("fault"), self.at(stage)
        return None if fault is None or at is None else at - fault


@dataclass(frozen=True, slots=True)
class StrayPage:
    """A page that nobody expected: whom it reached, and when (seconds since the epoch)."""

    alert: str
    severity: str
    receiver: str
    at: float
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class AlertPath:
    """All that a run saw of its alerts. `evidence` is how notifications were seen.

    `strays` are forbidden where `strays_forbidden` is set, and then `strays_unknown` says why some may not have been
    seen; it is empty where all were.
    """

    timelines: tuple[AlertTimeline, ...] = ()
    strays: tuple[StrayPage, ...] = ()
    evidence: Evidence = "none"
    strays_forbidden: bool = False
    strays_unknown: str = ""


NO_ALERTS = AlertPath()
"""Of a run that expects none, and forbids none."""
