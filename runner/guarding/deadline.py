"""When the faults of a run have to be out, whatever is done to the machine's clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of a duration that began at `began_at`: by the wall clock or the monotonic one, whichever comes first.

    A clock that is put back would let faults stay for longer than was declared. Seconds.
    """

    began_at: float
    began_monotonic: float
    duration: float

    @classmethod
    def starting_now(cls, duration: float) -> "Deadline":
        return cls(time.time(), time.monotonic(), duration)

    @property
    def at(self) -> float:
        """The end by the wall clock, seconds since the epoch."""
        return self.began_at + self.duration

    def over(self, clock: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> bool:
        """Is it over by either clock?"""
        return clock() >= self.at or monotonic() - self.began_monotonic >= self.duration
