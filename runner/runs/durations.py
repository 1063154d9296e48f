"""How long it took until somebody saw the fault, was paged, and all was well again. Pure."""

from collections.abc import Iterable, Sequence

from runner.alerting.timeline import AlertPath
from runner.runs.record import Durations, EarlyStop, LedgerTransition

_OF_THE_SYSTEM = ("breach", "spend")
"""Stops that say that the guard saw the fault (runner.guarding.stops.StopKind)."""


def durations(
    transitions: Sequence[LedgerTransition], alerts: AlertPath, stop: EarlyStop | None, recover: float | None
) -> Durations:
    """From what a run noted; `recover` is how many seconds the SLOs took from the undo, where that was seen."""
    fault_at = began(transitions)
    fired = [timeline.after_fault("firing") for timeline in alerts.timelines]
    stopped = None
    if stop is not None and fault_at is not None and stop.kind in _OF_THE_SYSTEM:
        stopped = stop.at - fault_at
    paged = [timeline.after_fault("notified") for timeline in alerts.timelines if timeline.muted_by is None]
    return Durations(detect=_first([*fired, stopped]), page=_first(paged), recover=recover)


def began(transitions: Sequence[LedgerTransition]) -> float | None:
    """When the first fault was in effect, or was about to go in where that was not seen (seconds since the epoch)."""
    for state in ("active", "intended"):
        times = [one.at for one in transitions if one.state == state]
        if times:
            return min(times)
    return None


def _first(seconds: Iterable[float | None]) -> float | None:
    return min((max(one, 0.0) for one in seconds if one is not None), default=None)
