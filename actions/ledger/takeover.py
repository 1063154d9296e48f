"""Whether the run that holds a lock is dead, told without trusting that two machines have the same time."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from actions.ledger.record import DEAD_AFTER_SECONDS, Heartbeat

LOOK_EVERY_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as this process sees it. `now` counts from the epoch; `monotonic` is for spans, and never jumps."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def is_dead(read: Callable[[], Heartbeat | None], clock: Clock) -> bool:
    """Does the run whose heartbeat `read` gives live no more?

    A heartbeat that looks fresh is believed at once, since the mistake would only be to refuse. One that looks old may
    come from a clock that is behind: it counts as dead only when it does not change while we watch.
    """
    first = read()
    if first is None:
        return True
    if clock.now() - first.at < DEAD_AFTER_SECONDS:
        return False
    since = clock.monotonic()
    while clock.monotonic() - since < DEAD_AFTER_SECONDS:
        clock.sleep(LOOK_EVERY_SECONDS)
        present = read()
        if present is None:
            return True
        if present.version != first.version:
            return False
    return True
