"""The arithmetic of error budgets. Ratios are 0..1, times are seconds, counts are events."""

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """Bad events and all events of some window. Windows that touch add up."""

    bad: float
    total: float

    def __post_init__(self) -> None:
        if not (self.bad >= 0 and 0 <= self.total < math.inf):
            raise ValueError(f"counts are finite and not negative: {self.bad} bad of {self.total}")

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.bad + other.bad, self.total + other.total)

    @property
    def error_ratio(self) -> float | None:
        """Bad of all events; None without events: no traffic says nothing about health."""
        return min(self.bad / self.total, 1.0) if self.total > 0 else None


def summed(counts: Iterable[Counts]) -> Counts:
    """The counts of a window from those of its parts: weighted by traffic, and quiet parts weigh nothing."""
    whole = Counts(0.0, 0.0)
    for part in counts:
        whole += part
    return whole


def burn_rate(error_ratio: float, objective: float) -> float:
    """How fast the budget is spent: error ratio / (1 - objective). 1 spends it exactly within the window."""
    return error_ratio / (1 - objective)


def budget_left(error_ratio: float, objective: float) -> float:
    """What is left of the budget of the window that the error ratio is of: 1 is all of it, negative is overspent."""
    return 1 - burn_rate(error_ratio, objective)


def seconds_to_exhaustion(left: float, burn: float, period_seconds: float) -> float:
    """When a rolling window's budget is gone at this burn rate: left x period / burn; infinite when nothing burns."""
    if left <= 0:
        return 0.0
    return left * period_seconds / burn if burn > 0 else math.inf


def seconds_to_exhaustion_in_calendar(left: float, burn: float, elapsed_seconds: float) -> float:
    """The same for a calendar window `elapsed_seconds` old, whose budget grows with its traffic.

    With as much traffic per second as so far, bad events catch up with the budget when
    left x elapsed = (burn - 1) x t; a burn of 1 or less never does.
    """
    if left <= 0:
        return 0.0
    return left * elapsed_seconds / (burn - 1) if burn > 1 else math.inf
