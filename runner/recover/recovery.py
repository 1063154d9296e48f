"""One ledger's recovery: look at what is in it, decide, take out what is due; again and again if one likes.

Every step may be done by several at once, and be killed at any line: whoever comes next starts from the ledger again.
"""

import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from actions.fault import fault_named
from actions.ledger.record import Record
from actions.ledger.store import Ledger, LedgerError
from actions.ledger.takeover import Clock
from actions.systems import Systems
from actions.undoing import undo_record
from runner.recover.decisions import Decision, Moment, Rules, Scope, Seen, decide, is_dead
from runner.recover.lives import Life, watch
from runner.recover.outcomes import Outcome, Result

MOST_AT_ONCE = 16
"""Targets worked on at the same time."""

OfRun = Callable[[str], AbstractContextManager[object]]
Tell = Callable[[Outcome], None]


@dataclass(frozen=True, slots=True)
class Survey:
    """What one look at the ledger says. `problems` are about records that cannot be read."""

    decisions: tuple[Decision, ...]
    ended: tuple[str, ...]
    """Dead runs without records, whose heartbeat or locks are left."""
    unsure: tuple[str, ...]
    """Runs without records of which it is not known yet whether they live."""
    problems: tuple[str, ...]


class Recovery:
    """Recovers one ledger. What it remembers between looks is only what it has seen, and what it is working on."""

    def __init__(
        self,
        ledger: Ledger,
        systems: Systems,
        rules: Rules | None = None,
        clock: Clock | None = None,
        of_run: OfRun = nullcontext,
    ) -> None:
        """`of_run` is around whatever is done for a run, with its id."""
        self.ledger = ledger
        self._of_run = of_run
        self._systems = systems
        self._rules = rules or Rules()
        self._clock = clock or Clock()
        self._lives: dict[str, Life] = {}
        self._undone_since: dict[str, float] = {}
        self._stuck_since: dict[str, float] = {}
        self._busy: set[str] = set()
        self._idle = threading.Condition()

    def look(self, scope: Scope | None = None) -> Survey:
        """Read the ledger and decide; nothing is written. Raises LedgerError."""
        scope = scope or Scope()
        # Heartbeats last: a run beats before it locks or injects, so one that has a record and lives is seen to beat.
        locks = self.ledger.locks()
        contents = self.ledger.contents()
        beats = self.ledger.heartbeats()
        moment = Moment(self._clock.now(), self._clock.monotonic())
        with_records = {record.run for record in contents.records}
        self._lives = watch(self._lives, beats, {*with_records, *locks.values()}, moment.monotonic)
        undone = [record.id for record in contents.records if record.state == "undone"]
        self._undone_since = {one: self._undone_since.get(one, moment.monotonic) for one in undone}
        decisions = tuple(
            decide(record, self._lives[record.run], self._memory_of(record), scope, self._rules, moment)
            for record in contents.records
            if scope.covers(record.run)
        )
        # A record that cannot be read may be anybody's, so no run is ended while there is one.
        bare = [run for run in self._lives if run not in with_records and scope.covers(run) and not contents.problems]
        dead = {run for run in bare if is_dead(self._lives[run], self._rules, moment)}
        unsure = [run for run in bare if run not in dead and not self._lives[run].beating]
        return Survey(decisions, tuple(sorted(dead)), tuple(sorted(unsure)), contents.problems)

    def start(self, survey: Survey, tell: Tell) -> None:
        """Begin to do what the survey says, each target beside the others; what is being worked on already is left.

        Faults on one target come out in the reverse order in which they went in. `tell` is called from other threads.
        """
        for run in survey.ended:
            self._end(run)
        for target, decisions in _by_target(survey.decisions).items():
            with self._idle:
                if target in self._busy or len(self._busy) >= MOST_AT_ONCE:
                    continue
                self._busy.add(target)
            threading.Thread(
                target=self._work, args=(target, decisions, tell), name=f"recover {target}", daemon=True
            ).start()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until nothing is being worked on; False if something still is after `seconds`."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._busy, seconds)

    def _memory_of(self, record: Record) -> Seen:
        return Seen(self._undone_since.get(record.id), self._stuck_since.get(record.id))

    def _work(self, target: str, decisions: Iterable[Decision], tell: Tell) -> None:
        try:
            for decision in decisions:
                with self._of_run(decision.record.run):
                    tell(self._do(decision))
        finally:
            with self._idle:
                self._busy.discard(target)
                self._idle.notify_all()

    def _do(self, decision: Decision) -> Outcome:
        try:
            present = self.ledger.get(decision.record.id)
        except LedgerError as error:
            # It was read a moment ago: the fault comes out whether or not the ledger can be asked again.
            if decision.doing == "verify":
                return self._outcome(decision, "failed", str(error))
            present = decision.record
        if present is None or (present.state == "undone" and decision.doing == "undo"):
            return self._outcome(decision, "elsewhere")
        if decision.doing == "verify":
            return self._verify(decision, present)
        return self._undo(decision, present)

    def _undo(self, decision: Decision, present: Record) -> Outcome:
        after = undo_record(self.ledger, present, self._systems)
        if after.state == "undone":
            return Outcome(self.ledger.place, after, "undone", decision.why)
        self._stuck_since[after.id] = self._clock.monotonic()
        return Outcome(self.ledger.place, after, "stuck", decision.why, after.reason)

    def _verify(self, decision: Decision, present: Record) -> Outcome:
        if present.state != "undone":
            return self._outcome(decision, "elsewhere")
        try:
            gone = fault_named(present.undo.name).undone(present, self._systems)
        except Exception as error:  # noqa: BLE001 (whatever keeps us from looking: it is looked at again)
            return self._outcome(decision, "failed", f"it cannot be seen whether it is still gone: {error}")
        if not gone:
            return self._undo(Decision(present, "undo", "it was there again after its undo"), present)
        try:
            self.ledger.remove(present)
        except LedgerError as error:
            return self._outcome(decision, "failed", str(error))
        return Outcome(self.ledger.place, present, "removed", decision.why)

    def _end(self, run: str) -> None:
        try:
            self.ledger.end(run)
        except LedgerError:
            return  # the next look comes back to it

    def _outcome(self, decision: Decision, result: Result, problem: str = "") -> Outcome:
        return Outcome(self.ledger.place, decision.record, result, decision.why, problem)


def _by_target(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    """What there is to do on each target, the last fault first."""
    groups: dict[str, list[Decision]] = {}
    for decision in decisions:
        if decision.doing in ("undo", "verify"):
            groups.setdefault(str(decision.record.target), []).insert(0, decision)
    return groups
