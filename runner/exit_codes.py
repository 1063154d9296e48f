"""What the exit status of a sub-command means."""

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
    """A fault needs a person."""
