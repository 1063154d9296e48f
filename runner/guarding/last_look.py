"""Whether the faults of a run lasted until they are undone: one that vanished by itself has proven nothing.

A Toxiproxy that restarts forgets its toxics, Chaos Mesh ends what has expired, and somebody may have mended it.
"""

import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any

from actions.fault import Injection, fault_named
from actions.run_context import Injected
from actions.systems import Systems

LOOK_SECONDS = 1.0
"""How long a fault may take to be seen; the undo waits for it."""
AGAIN_SECONDS = 0.1


def look_once_more(injected: Iterable[Injected], systems: Systems) -> None:
    """Note for each fault that is in whether it still is, or why that is not known. All at the same time."""
    looks = [
        _Look(one, one.injection, systems)
        for one in injected
        if one.injection is not None and one.record.state == "active"
    ]
    deadline = time.monotonic() + LOOK_SECONDS
    for look in looks:
        look.start()
    for look in looks:
        look.end(deadline)


def vanished(injected: Sequence[Injected]) -> tuple[str, ...]:
    """Each fault that did not last, or may not have, in words."""
    return tuple(f"{one.record.fault} on {one.record.target}: {one.vanished}" for one in injected if one.vanished)


class _Look:
    """One look at one fault, in a thread of its own, which is left alone when it hangs."""

    def __init__(self, injected: Injected, injection: Injection[Any], systems: Systems) -> None:
        self._injected = injected
        self._injection = injection
        self._systems = systems
        self._finding: str | None = "it could not be asked for in time"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="last look", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self, deadline: float) -> None:
        """Write down what was found by `deadline` (monotonic)."""
        self._thread.join(max(deadline - time.monotonic(), 0.0))
        self._over.set()
        if self._finding is not None:
            self._injected.vanished = self._finding

    def _look(self) -> None:
        while not self._over.is_set():
            finding = _finding(self._injected.record.fault, self._injection, self._systems)
            self._finding = finding
            if finding is None:
                return
            self._over.wait(AGAIN_SECONDS)


def _finding(fault: str, injection: Injection[Any], systems: Systems) -> str | None:
    try:
        if fault_named(fault).still_in_effect(injection, systems):
            return None
    except Exception as error:  # noqa: BLE001 (whatever it is: that it lasted is not known)
        return f"it is not known whether it was still in effect: {error}"
    return "it was not in effect any more, and nobody of this run had taken it out"
