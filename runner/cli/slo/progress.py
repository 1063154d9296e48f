"""Progress of what takes more than two seconds, on standard error."""

import time

from runner.cli.slo.terminal import tell

FIRST_SECONDS = 2.0
BETWEEN_SECONDS = 5.0


class Progress:
    """Says how many of the steps are done: a line after two seconds, and then every five."""

    def __init__(self, doing: str, steps: int) -> None:
        self._doing = doing
        self._steps = steps
        self._done = 0
        self._next = time.monotonic() + FIRST_SECONDS

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + BETWEEN_SECONDS
            tell(f"{self._doing}: {self._done} of {self._steps}")
