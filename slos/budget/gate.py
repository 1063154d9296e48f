"""Whether an SLO lets a change, a release or a fault through: only when it is known to be good."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from slos.budget.status import SloStatus

Outcome = Literal["good", "breached", "unknown"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What is asked beyond a good state: budget left (ratio 0..1, at least), burn rate over `window` (below)."""

    budget_left: float | None = None
    burn_below: float | None = None
    window: str = "1h"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one SLO at the gate, and why, where it did not pass."""

    status: SloStatus
    outcome: Outcome
    reasons: tuple[str, ...] = ()


def verdict(status: SloStatus, limits: Limits) -> Verdict:
    """Breached when it is known to be; unknown when anything asked for is not known; good only otherwise."""
    violated, missing = _against(limits, status)
    if status.state in ("burning", "exhausted") or violated:
        return Verdict(status, "breached", (*violated, *status.reasons))
    if status.state == "unknown":
        return Verdict(status, "unknown", status.reasons)
    return Verdict(status, "unknown", tuple(missing)) if missing else Verdict(status, "good")


def whole(verdicts: Iterable[Verdict]) -> Outcome:
    """That of all: breached when one is, else unknown when one is or there are none."""
    outcomes = {one.outcome for one in verdicts}
    if "breached" in outcomes:
        return "breached"
    return "good" if outcomes == {"good"} else "unknown"


def _against(limits: Limits, status: SloStatus) -> tuple[list[str], list[str]]:
    """The limits that are not met, and those of which that is not known, in words."""
    violated, missing = [], []
    if limits.budget_left is not None:
        if status.budget_left is None:
            missing.append("its budget is not known")
        elif not status.budget_left >= limits.budget_left:
            violated.append(f"{status.budget_left:.4g} of its budget is left, less than {limits.budget_left:g}")
    if limits.burn_below is not None:
        burn = status.burn.get(limits.window)
        if burn is None:
            missing.append(f"its burn rate over {limits.window} is not known: no events, or too few?")
        elif not burn < limits.burn_below:
            violated.append(f"it burns at {burn:.3g} over {limits.window}, not below {limits.burn_below:g}")
    return violated, missing
