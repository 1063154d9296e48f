"""Waiting for a condition, with an end."""

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")

STALLS = 4
"""A limit is there to end a test that hangs. A machine shared with others may stand still for many seconds, and a wait
that ends well costs nothing: every limit is so many times as long as a quiet machine would ask for."""


def wait_for(condition: Callable[[], Answer], seconds: float = 10, every: float = 0.02) -> Answer:
    """The first truthy answer of `condition`; AssertionError after `seconds` of a quiet machine."""
    deadline = time.monotonic() + seconds * STALLS
    while not (answer := condition()):
        assert time.monotonic() < deadline, (
            f"{getattr(condition, '__name__', condition)} not true within {seconds * STALLS} s"
        )
        time.sleep(every)
    return answer
