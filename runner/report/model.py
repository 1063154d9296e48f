"""What a report says, before it is given a form: values only. Times are seconds since the epoch."""

from dataclasses import dataclass
from typing import Literal

from runner.alerting.timeline import Evidence, Outcome, Stage, StrayPage
from runner.report.documents import LostDocument, Replacement, SliDocument
from runner.runs.record import RunRecord

Tone = Literal["good", "bad", "warn", "info", "plain"]
"""How something is to be taken; forms show it by more than a colour."""


@dataclass(frozen=True, slots=True)
class Headline:
    """The verdict in a word, its reason in a sentence, and what that means for somebody who has a minute."""

    verdict: str
    tone: Tone
    reason: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure beside the verdict: what it is, how much, and what else there is to say about it."""

    label: str
    value: str
    note: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to do next; `command` can be typed as it is. `urgent` does not wait."""

    text: str
    command: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Moments:
    """When the turns of a run were. `zero` is what times are told from: the first fault, or else the beginning.

    `out` is None as long as a fault may be in. `end` is that of the run, or the last that is known of it.
    """

    start: float
    end: float
    zero: float
    fault: float | None = None
    out: float | None = None
    recovered: float | None = None

    def offset(self, at: float) -> float:
        """Seconds after `zero`."""
        return at - self.zero


TargetState = Literal["planned", "going in", "in effect", "coming out", "undone", "stuck"]


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One fault on one target, from first to last. `certain` is False where it may never have gone in."""

    record: str
    fault: str
    target: str
    node: str = ""
    workload: str = ""
    intended_at: float | None = None
    active_at: float | None = None
    undoing_at: float | None = None
    undone_at: float | None = None
    stuck_at: float | None = None
    state: TargetState = "planned"
    reason: str = ""
    certain: bool = True

    @property
    def began_at(self) -> float | None:
        return self.active_at if self.active_at is not None else self.intended_at


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """What an SLO paid: shares of its error budget (1 is all of it); `worst_burn` is the highest burn that was seen.

    `unknown_seconds` is how long nothing was known of it while it was watched, `reason` why.
    """

    slo: str
    objective: float | None
    window: str
    spent: float | None
    most: float | None
    worst_burn: float | None
    abort_burn: float | None
    unknown_seconds: float
    reason: str = ""

    @property
    def used(self) -> float | None:
        """The share of what was allowed that was spent; None where one of both is not known."""
        if self.spent is None or self.most is None:
            return None
        return self.spent / self.most if self.most > 0 else (0.0 if self.spent == 0 else 1.0)

    @property
    def exceeded(self) -> bool:
        return self.spent is not None and self.most is not None and self.spent > self.most


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage of an alert: when (None: not seen), who saw it, when it was predicted; `lost`: it ended here."""

    stage: Stage
    label: str
    at: float | None
    after: float | None
    evidence: Evidence
    detail: str
    lost: bool
    predicted_after: float | None = None
    limit: str = ""


@dataclass(frozen=True, slots=True)
class AlertCard:
    """The way of one expected alert."""

    alert: str
    slo: str
    severity: str
    receiver: str
    outcome: Outcome
    tone: Tone
    summary: str
    reason: str
    prediction: str
    muted_by: str
    fires_within: float
    predicted_at: float | None
    lost_at: Stage | None
    stages: tuple[StageRow, ...]

    def at(self, stage: Stage) -> float | None:
        return next((one.at for one in self.stages if one.stage == stage), None)


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the chronology."""

    at: float
    what: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a report says. `record` is what it was made of, made harmless."""

    record: RunRecord
    made_at: float
    headline: Headline
    figures: tuple[Figure, ...]
    moments: Moments
    targets: tuple[TargetRow, ...]
    budgets: tuple[BudgetRow, ...]
    alerts: tuple[AlertCard, ...]
    strays: tuple[StrayPage, ...]
    evidence: str
    slis: tuple[SliDocument, ...]
    lost: LostDocument | None
    replacements: tuple[Replacement, ...]
    happenings: tuple[Happening, ...]
    advice: tuple[Advice, ...]
    warnings: tuple[str, ...]

    @property
    def stuck(self) -> tuple[TargetRow, ...]:
        return tuple(row for row in self.targets if row.state == "stuck")
