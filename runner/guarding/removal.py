"""Taking out whatever a run has put in: every target at the same time, one after the other on the same target."""

import logging
import threading
import time
from collections.abc import Callable, Iterable

from actions.fault import Target
from actions.ledger.record import Record
from actions.ledger.store import LedgerError
from actions.run_context import Injected, Run

logger = logging.getLogger("chaostoolkit")

Undo = Callable[[Record], Record]
"""Gives the record as it is after the undo: `undone`, or `stuck` with the reason."""
INJECTION_SECONDS = 60.0
"""How long what is being injected may take to notice that the run is stopped."""


class Removal:
    """Undoes a run's faults; from any thread, and as often as one likes: what is out is not touched again."""

    def __init__(self, run: Run, undo: Undo) -> None:
        self._run = run
        self._undo = undo
        self._one_at_a_time = threading.Lock()

    def undo_all(self, retry_stuck: bool = False) -> tuple[Injected, ...]:
        """Take out every fault of the run, and give those that are still in (stuck) afterwards.

        Faults on one target come out in the reverse order in which they went in. One that is stuck holds up no other.
        """
        with self._one_at_a_time:
            left = [one for one in self._run.injected if not _is_out(one)]
            if not retry_stuck:
                left = [one for one in left if one.record.state != "stuck"]
            workers = [
                threading.Thread(target=self._undo_each, args=(group,), name="undo", daemon=True)
                for group in _by_target(left)
            ]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        return tuple(one for one in self._run.injected if not _is_out(one))

    def undo_for_good(self, retry_stuck: bool = False) -> tuple[Injected, ...]:
        """The same, and once more when what is being injected meanwhile has ended."""
        self.undo_all(retry_stuck)
        if not self._run.wait_for_injection(INJECTION_SECONDS):
            logger.error(
                "A fault is still being injected after %g s; its record is in the ledger (chaos recover)",
                INJECTION_SECONDS,
            )
        return self.undo_all()

    def undo_unnoticed(self) -> None:
        """Take out what the ledger holds of this run and nobody remembers: a write whose answer was lost.

        Raises LedgerError.
        """
        known = {one.record.id for one in self._run.injected}
        for record in self._run.ledger.records(self._run.id):
            if record.id not in known and record.state not in ("undone", "stuck"):
                self._undo(record)

    def forget(self) -> bool:
        """Remove the run's records, and say whether the ledger has none left of it.

        A record stays where a fault is stuck, or where a request may still be in flight and land after the undo: then
        whoever recovers looks at it again. A ledger that does not answer keeps them too.
        """
        keep = {one.record.id for one in self._run.injected if one.perhaps_in_flight}
        try:
            for record in self._run.ledger.records(self._run.id):
                if record.state == "undone" and record.id not in keep:
                    self._run.ledger.remove(record)
            return not self._run.ledger.records(self._run.id)
        except LedgerError as error:
            logger.warning("The records of this run could not be removed, which chaos recover will do: %s", error)
            return False

    def _undo_each(self, group: Iterable[Injected]) -> None:
        for injected in group:
            injected.record = self._undo(injected.record)
            if injected.record.state == "undone":
                injected.undone_at = injected.undone_at or time.time()


def _is_out(injected: Injected) -> bool:
    return injected.record.state == "undone"


def _by_target(injected: Iterable[Injected]) -> list[list[Injected]]:
    """Those on one target together, the last one first."""
    groups: dict[tuple[str, str, str], list[Injected]] = {}
    for one in injected:
        groups.setdefault(_identity(one.record.target), []).insert(0, one)
    return list(groups.values())


def _identity(target: Target) -> tuple[str, str, str]:
    return target.kind, target.namespace, target.name
