"""The two JSON documents in a record, the plan's and the summary's, as far as a report reads them.

Nothing in them is required: a run that died has no summary, and an older one may lack what came later.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from runner.report.measured import Measured, read_measured


class _Document(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, arbitrary_types_allowed=True)


class PlannedTarget(_Document):
    """A target as the plan picked it."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    details: dict[str, Any] = Field(default_factory=dict)


class PlannedFault(_Document):
    """One action of the plan."""

    activity: str = ""
    fault: str = ""
    targets: tuple[PlannedTarget, ...] = ()
    undo: str = ""


class PlannedSpend(_Document):
    """What an SLO's error budget may lose at most (1 is all of it)."""

    slo: str
    most: float
    expected: float | None = None


class PlannedLimit(_Document):
    """One limit of the blast radius, and what the plan uses of it."""

    name: str
    used: float
    allowed: float | None = None
    unit: str = ""


class PlanDocument(_Document):
    """The document of `chaos plan --json`."""

    duration_seconds: float | None = None
    faults: tuple[PlannedFault, ...] = ()
    limits: tuple[PlannedLimit, ...] = ()
    error_budget: tuple[PlannedSpend, ...] = ()
    warnings: tuple[str, ...] = ()

    def most_of(self, slo: str) -> float | None:
        """The share of an SLO's budget that may be spent, where the plan says it."""
        return next((one.most for one in self.error_budget if one.slo == slo), None)


class BrokenDocument(_Document):
    """One fault on one target, as the summary has it. Times are seconds since the epoch."""

    fault: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    node: str = ""
    workload: str = ""
    at: float | None = None
    record: str = ""
    certain: bool = True
    effective_at: float | None = None
    undone_at: float | None = None
    reason: str = ""


class Replacement(_Document):
    """A pod that took the place of one that was hit."""

    name: str = ""
    node: str = ""


def _measured(value: object) -> Measured | None:
    return value if isinstance(value, Measured) else read_measured(value)


class PhaseDocument(_Document):
    """An SLI before, during or after the fault."""

    good: Measured | None = None
    total: Measured | None = None
    share: Measured | None = None
    per_second: Measured | None = None
    p50_seconds: Measured | None = None
    p99_seconds: Measured | None = None

    _read = field_validator("*", mode="before")(_measured)


class SliDocument(_Document):
    """An SLI of the experiment's hypothesis; `objective` is the least share of good events."""

    name: str = ""
    objective: float = 0.0
    threshold_seconds: float | None = None
    time_to_recover_seconds: Measured | None = None
    phases: dict[str, PhaseDocument] = Field(default_factory=dict)

    _read = field_validator("time_to_recover_seconds", mode="before")(_measured)


class LostDocument(_Document):
    """Requests that failed since the fault, and who counted them."""

    failed: Measured | None = None
    total: Measured | None = None
    counted_by: str = ""

    _read = field_validator("failed", "total", mode="before")(_measured)


class SummaryDocument(_Document):
    """What the guard wrote into the journal under `mlchaos`."""

    duration_seconds: float | None = None
    place: str = ""
    journal: str = ""
    faults: tuple[BrokenDocument, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    time_to_ready_seconds: Measured | None = None
    time_to_recover_seconds: Measured | None = None
    slos_recovered_seconds: Measured | None = None
    requests_lost: LostDocument | None = None
    slis: tuple[SliDocument, ...] = ()
    warnings: tuple[str, ...] = ()

    _read = field_validator(
        "time_to_ready_seconds", "time_to_recover_seconds", "slos_recovered_seconds", mode="before"
    )(_measured)


Read = TypeVar("Read", bound=_Document)


def read_document(kind: type[Read], document: Mapping[str, Any]) -> tuple[Read, str]:
    """The document, and why nothing of it could be read (empty where it could)."""
    try:
        return kind.model_validate(dict(document)), ""
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        return kind(), f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
