"""Why a run is stopped. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from clients.prometheus import Known, Unknown
from probes.slo_watch import Watched

UNKNOWN_SECONDS = 15.0
"""How long an SLO of the run may be unknown."""


class StopKind(StrEnum):
    """Who or what ends a run early."""

    BREACH = "breach"
    SPEND = "spend"
    UNKNOWN = "unknown"
    DEADLINE = "deadline"
    HALT = "halt"
    FENCED = "fenced"
    SIGNAL = "signal"
    DEFECT = "defect"

    @property
    def of_the_system(self) -> bool:
        """Whether it says something of the system under test; anything else says that the run was cut short."""
        return self in (StopKind.BREACH, StopKind.SPEND)


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop, why, and when it was asked for (seconds since the epoch). `number` is the signal's."""

    kind: StopKind
    reason: str
    at: float
    number: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may do to its SLOs: burn rate (below), share of the budget spent (at most).

    `spend_set_by` is what sets the share, in words: its experiment, or the set of which it is one.
    """

    burn_rate: float
    window_seconds: float
    max_spend: float
    spend_set_by: str = "error_budget.max_spend"


@dataclass(frozen=True, slots=True)
class Doubts:
    """Since when each SLO is unknown (seconds of any clock that only goes forward)."""

    since: Mapping[str, float] = field(default_factory=dict)


def judge(watched: Watched, limits: Limits, doubts: Doubts, clock: float) -> tuple[Stop | None, Doubts]:
    """Whether one look at the SLOs is reason to stop, and what is in doubt from now on.

    A breach counts before a spend, and both before an unknown. `clock` tells how long something has been unknown.
    """
    unknown = {
        slo.name: doubts.since.get(slo.name, clock)
        for slo in watched.slos
        if isinstance(slo.burn, Unknown) or isinstance(slo.spend, Unknown)
    }
    return _worst(watched, limits, unknown, clock), Doubts(unknown)


def _worst(watched: Watched, limits: Limits, unknown: Mapping[str, float], clock: float) -> Stop | None:
    for slo in watched.slos:
        if isinstance(slo.burn, Known) and slo.burn.value >= limits.burn_rate:
            reason = (
                f"{slo.name} burns its error budget at {slo.burn.value:.3g} over {limits.window_seconds:g} s, and "
                f"abort_when.burn_rate is {limits.burn_rate:g}"
            )
            return Stop(StopKind.BREACH, reason, watched.at)
    for slo in watched.slos:
        if isinstance(slo.spend, Known) and slo.spend.value > limits.max_spend:
            reason = (
                f"{slo.name} has spent {100 * slo.spend.value:.3g}% of its error budget since the fault, and "
                f"{limits.spend_set_by} is {100 * limits.max_spend:g}%"
            )
            return Stop(StopKind.SPEND, reason, watched.at)
    for slo in watched.slos:
        if slo.name in unknown and clock - unknown[slo.name] > UNKNOWN_SECONDS:
            why = next(one.reason for one in (slo.burn, slo.spend) if isinstance(one, Unknown))
            return Stop(StopKind.UNKNOWN, f"{slo.name} has been unknown for {UNKNOWN_SECONDS:g} s: {why}", watched.at)
    return None
