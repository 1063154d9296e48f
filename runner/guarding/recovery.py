"""Waiting until the SLOs of a run are back, after its faults are out."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from clients.prometheus import Known, Unknown
from probes.slo_watch import Watched

logger = logging.getLogger("chaostoolkit")

BURN_BELOW = 1.0
"""An SLO is back when it burns less than it may for ever, over the watched window."""
SAY_AFTER_SECONDS = 2.0
POLL_SECONDS = 0.5

State = Literal["recovered", "not recovered", "unknown", "not waited for"]


@dataclass(frozen=True, slots=True)
class Recovery:
    """How it ended; `seconds` from the undo until every SLO was back for good, as far as that was seen."""

    state: State
    seconds: float | None = None
    reason: str = ""


class Readings(Protocol):
    """Where readings come from: runner.guarding.watcher.Watcher."""

    def newer_than(self, at: float, seconds: float) -> Watched | None: ...


NOT_WAITED_FOR = Recovery("not waited for")


def wait_for_recovery(
    readings: Readings, undone_at: float, sees_after: float, within_seconds: float, stopped: Callable[[], bool]
) -> Recovery:
    """Look at the SLOs until all are back, or `within_seconds` since `undone_at` (since the epoch), or `stopped`.

    A reading of less than `sees_after` seconds after the undo may be of samples from before the fault: it can say that
    an SLO is out, not that it is back.
    """
    at, told, back_at = undone_at, False, None
    reason, unread = "the SLOs were not read since the undo", True
    while not stopped():
        left = undone_at + within_seconds - time.time()
        if left <= 0:
            return Recovery("unknown" if unread else "not recovered", reason=reason)
        watched = readings.newer_than(at, min(left, POLL_SECONDS))
        if watched is not None:
            at = watched.at
            missing = still_out(watched)
            back_at = None if missing is not None else at if back_at is None else back_at
            if back_at is not None and at - undone_at >= sees_after:
                return Recovery("recovered", max(back_at - undone_at, 0.0))
            reason, unread = missing or (f"readings show the time of the undo only {sees_after:g} s after it", True)
        if not told and time.time() - undone_at > SAY_AFTER_SECONDS:
            logger.info("Waiting (up to %g s) for the SLOs to recover: %s", within_seconds, reason)
            told = True
    return NOT_WAITED_FOR


def still_out(watched: Watched) -> tuple[str, bool] | None:
    """What is not back yet, and whether that is only unknown; None when every SLO is back."""
    for slo in watched.slos:
        if isinstance(slo.burn, Known) and slo.burn.value >= BURN_BELOW:
            return f"{slo.name} burns its error budget at {slo.burn.value:.3g}", False
    for slo in watched.slos:
        if isinstance(slo.burn, Unknown):
            return slo.burn.reason, True
    return None
