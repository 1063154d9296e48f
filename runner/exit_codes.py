"""What the exit status of a sub-command means."""

from collections.abc import Iterable
from enum import IntEnum


class Exit(IntEnum):
    HELD = 0
    BREACHED = 1
    REFUSED = 2
    """Or bad input."""
    ABORTED = 3
    INCONCLUSIVE = 4
    """No data."""
    STUCK = 5
    """A fault needs a person: it is stuck, or a run failed or died, so that somebody has to look."""


_WORST_FIRST = (Exit.STUCK, Exit.BREACHED, Exit.ABORTED, Exit.REFUSED, Exit.INCONCLUSIVE, Exit.HELD)


def exit_of(verdict: str) -> Exit:
    """The exit status of a verdict. An `error`, and whatever is no verdict (a run that died), needs a person."""
    return Exit.__members__.get(verdict.upper(), Exit.STUCK)


def worst(statuses: Iterable[Exit]) -> Exit:
    """The one that counts for several. None at all prove nothing: inconclusive."""
    there = set(statuses)
    return next((status for status in _WORST_FIRST if status in there), Exit.INCONCLUSIVE)
