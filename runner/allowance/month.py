"""How a month's allowance stands: what may be spent, what is, and what one more run asks for. Pure.

A run whose spend is not known counts with all that it might have spent: one that goes on, that died, or that could not
read the SLO. Months are calendar months in UTC; a run belongs to that in which it began. Shares are of an SLO's error
budget, 1 is all of it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from runner.runs.record import DIED, RUNNING
from slos.allowance import AllowanceError, parse_allowance
from slos.model import Slo

VARIABLE = "MLCHAOS_CHAOS_ALLOWANCE"
"""The allowance of SLOs that declare none, such as `20%`."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Spending:
    """What chaos runs have spent of one SLO's budget this month: what was measured, and what has to be assumed."""

    measured: float = 0.0
    assumed: float = 0.0

    @property
    def total(self) -> float:
        return self.measured + self.assumed

    def __add__(self, other: "Spending") -> "Spending":
        return Spending(self.measured + other.measured, self.assumed + other.assumed)


@dataclass(frozen=True, slots=True)
class Allowance:
    """One SLO's month: what chaos runs may spend, what they have spent, and what the next run may spend at most."""

    slo: str
    allowed: float
    spent: Spending
    asked: float

    @property
    def left(self) -> float:
        """What is left before that run; below 0 where more was spent than is allowed."""
        return self.allowed - self.spent.total

    @property
    def exceeded(self) -> bool:
        """Whether the run might spend more than is left."""
        return self.asked > self.left + _ROUNDING

    @property
    def reason(self) -> str:
        """Why a run that exceeds it is refused, and what to do."""
        assumed = (
            f" ({_percent(self.spent.assumed)} of it assumed of runs that go on, died or could not read it)"
            if self.spent.assumed
            else ""
        )
        said = (
            f"chaos runs have spent {_percent(self.spent.total)} of the error budget of {self.slo} this month{assumed}"
            f", this run may spend {_percent(self.asked)}, and {_percent(self.allowed)} is allowed"
        )
        fits = math.floor(self.left * 10_000 + _ROUNDING) / 10_000
        lower = f"lower error_budget.max_spend to {_percent(fits)}, " if fits > 0 else ""
        return (
            f"{said}: {lower}wait for the next month, or raise the allowance (mlchaos.io/chaos-allowance, {VARIABLE})"
        )


def month_start(now: float) -> float:
    """When the calendar month (UTC) of a time began; both in seconds since the epoch."""
    return datetime.fromtimestamp(now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()


def default_allowance(environment: Mapping[str, str]) -> float | None:
    """The allowance of SLOs that declare none; None: they have none. Raises AllowanceError."""
    text = environment.get(VARIABLE, "")
    if not text.strip():
        return None
    try:
        return parse_allowance(text)
    except AllowanceError as error:
        raise AllowanceError(f"{VARIABLE}: {error.message}", error.remedy) from error


def allowances(slos: Iterable[Slo], default: float | None) -> dict[str, float]:
    """The allowance of each SLO that has one, declared or by default."""
    declared = {slo.name: slo.chaos_allowance if slo.chaos_allowance is not None else default for slo in slos}
    return {name: share for name, share in declared.items() if share is not None}


class Costly(Protocol):
    """A run, as far as it tells what it has cost: runner.store.values.RunRow and runner.runs.chaos.ChaosRun do."""

    @property
    def started_at(self) -> float: ...
    @property
    def verdict(self) -> str: ...
    @property
    def faults(self) -> int | None: ...
    @property
    def dry(self) -> bool: ...
    @property
    def spent(self) -> Mapping[str, float]: ...
    @property
    def limits(self) -> Mapping[str, float]: ...


def spending(runs: Iterable[Costly], month: float) -> dict[str, Spending]:
    """What the runs that began in the month from `month` (epoch seconds) on have spent, by SLO."""
    found: dict[str, Spending] = {}
    for run in runs:
        if run.started_at >= month:
            for slo, part in cost(run).items():
                found[slo] = found.get(slo, Spending()) + part
    return found


def standing(allowed: Mapping[str, float], spent: Mapping[str, Spending], asked: float) -> Sequence[Allowance]:
    """How each SLO's month stands before a run that may spend `asked` of each."""
    return tuple(Allowance(slo, share, spent.get(slo, Spending()), asked) for slo, share in allowed.items())


def cost(run: Costly) -> dict[str, Spending]:
    """What one run has spent, by SLO; nothing where no fault can have gone in."""
    unfinished = run.verdict in (RUNNING, DIED)
    if run.dry or (run.faults == 0 and run.verdict != RUNNING):
        return {}
    found = {}
    for slo in {*run.spent, *run.limits}:
        known = max(run.spent.get(slo, 0.0), 0.0)
        unknown = unfinished or slo not in run.spent
        found[slo] = Spending(known, max(run.limits.get(slo, 0.0) - known, 0.0) if unknown else 0.0)
    return found


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"
