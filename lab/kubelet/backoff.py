"""How long a container that ended waits before it is started again."""

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 5.0
FORGIVEN_AFTER_SECONDS = 10.0
"""A container that ran this long starts over with the first wait."""


class Backoff:
    """Waits that double from 0.2 s to 5 s. (Kubernetes': 10 s to 5 min; the lab is measured in seconds.)"""

    def __init__(self) -> None:
        self._next = FIRST_SECONDS

    def wait_after(self, ran_seconds: float) -> float:
        """The wait in seconds before the start that follows a run of `ran_seconds`."""
        if ran_seconds >= FORGIVEN_AFTER_SECONDS:
            self._next = FIRST_SECONDS
        wait, self._next = self._next, min(self._next * 2, LONGEST_SECONDS)
        return wait
