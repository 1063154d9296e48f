"""The reaper: looks at every ledger it can reach every two seconds, and takes out what should not be there any more.

It holds nothing that a restart would miss but for how long it has watched each heartbeat; any number of them may run.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from actions.ledger.open import reachable_ledgers
from actions.ledger.store import Ledger, LedgerError, TransientLedgerError
from actions.ledger.takeover import Clock
from actions.systems import Systems
from runner.recover.decisions import Rules
from runner.recover.outcomes import Outcome
from runner.recover.recovery import OfRun, Recovery

logger = logging.getLogger("chaostoolkit")

LOOK_EVERY_SECONDS = 2.0
REOPEN_AFTER_SECONDS = 10.0
"""How often a ledger that was not there is looked for."""
FINISH_WITHIN_SECONDS = 50.0
"""How long the end waits for undos that have begun; what is not done then is done by whoever comes next."""

Open = Callable[[], tuple[list[Ledger], list[LedgerError]]]


class Reaper:
    """Runs until it is told to stop. Nothing that a ledger, a cluster or a fault does ends it."""

    def __init__(
        self,
        of_run: OfRun,
        alive: Path | None = None,
        open_ledgers: Open = reachable_ledgers,
        rules: Rules | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`of_run` binds what is logged to a run; `alive` is a file that is touched after each look."""
        self._of_run = of_run
        self._alive = alive
        self._open = open_ledgers
        self._rules = rules
        self._clock = clock or Clock()
        self._systems: dict[str, Systems] = {}
        self._recoveries: dict[str, Recovery] = {}
        self._opened_at: float | None = None
        self._said: dict[str, str] = {}
        self._stop = threading.Event()

    def stop(self) -> None:
        """Begin nothing more, and end `run` soon. For signal handlers too."""
        self._stop.set()

    def run(self) -> None:
        """Look, act, and wait, until `stop`; then let what has begun come to its end."""
        logger.info("The reaper looks every %g s", LOOK_EVERY_SECONDS)
        while not self._stop.is_set():
            self.tick()
            self._stop.wait(LOOK_EVERY_SECONDS)
        for recovery in self._recoveries.values():
            if not recovery.wait(FINISH_WITHIN_SECONDS):
                logger.warning("Undos in %s are not done yet: whoever comes next does them", recovery.ledger.place)
            recovery.ledger.close()
        logger.info("The reaper has stopped")

    def tick(self) -> None:
        """One look at every ledger."""
        try:
            self._find_ledgers()
            for place, recovery in list(self._recoveries.items()):
                self._look(place, recovery)
        except Exception:
            # Whatever it is: the next look may do better, and no reaper is worse than one that fails at times.
            logger.exception("A look failed")
        if self._alive is not None:
            try:
                self._alive.touch()
            except OSError as error:
                self._say("alive", f"{self._alive} cannot be touched: {error}")

    def _find_ledgers(self) -> None:
        """Open those that have appeared; ask for them now and then, since an answer takes its time."""
        now = self._clock.monotonic()
        if self._opened_at is not None and now - self._opened_at < REOPEN_AFTER_SECONDS and self._recoveries:
            return
        self._opened_at = now
        ledgers, problems = self._open()
        for ledger in ledgers:
            if ledger.place in self._recoveries:
                ledger.close()
                continue
            logger.info("Watching %s", ledger.place)
            systems = self._systems.setdefault(ledger.place, Systems())
            self._recoveries[ledger.place] = Recovery(ledger, systems, self._rules, self._clock, self._of_run)
        self._say("open", "; ".join(map(str, problems)))

    def _look(self, place: str, recovery: Recovery) -> None:
        try:
            survey = recovery.look()
        except TransientLedgerError as error:
            self._say(place, str(error))
            return
        except LedgerError as error:
            # Credentials that were renewed, a file that was put elsewhere: begin anew.
            self._say(place, str(error))
            self._let_go(place, recovery)
            return
        self._say(place, "; ".join(survey.problems))
        for run in survey.ended:
            with self._of_run(run):
                logger.info("Run %s is dead and has left no fault: its heartbeat and locks are taken back", run)
        if not self._stop.is_set():
            recovery.start(survey, self._told)

    def _let_go(self, place: str, recovery: Recovery) -> None:
        if recovery.wait(0):
            del self._recoveries[place]
            recovery.ledger.close()
            self._systems.pop(place).close()

    def _told(self, outcome: Outcome) -> None:
        record = outcome.record
        if outcome.result == "removed":
            logger.info("Fault %s on %s is gone for good: its record is removed", record.fault, record.target)
        elif outcome.result == "undone":
            logger.info("Fault %s on %s was taken out: %s", record.fault, record.target, outcome.why)
        elif outcome.problem:
            logger.error("Fault %s on %s: %s: %s", record.fault, record.target, outcome.result, outcome.problem)

    def _say(self, about: str, problem: str) -> None:
        """Log a problem once, and its end."""
        before = self._said.get(about, "")
        self._said[about] = problem
        if problem and problem != before:
            logger.warning("%s", problem)
        elif before and not problem:
            logger.info("It works again: %s", before)
