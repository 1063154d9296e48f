"""Waiting for a condition, with an end."""

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


def wait_for(condition: Callable[[], Answer], seconds: float = 10, every: float = 0.02) -> Answer:
    """The first truthy answer of `condition`; AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"{getattr(condition, '__name__', condition)} not true within {seconds} s"
        time.sleep(every)
    return answer
