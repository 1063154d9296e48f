"""What every ledger keeps, as a state machine: a ledger is driven beside a plain model of it."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
)

from actions.ledger.record import ALLOWED, DEAD_AFTER_SECONDS, Halt, Record, State, TransitionError
from actions.ledger.store import GivenUpError, Ledger, LedgerError, LockedError, StaleRecordError
from actions.ledger.takeover import Clock
from tests.actions.ledger.records import NOW, record

STATES: tuple[State, ...] = ("intended", "active", "undoing", "undone", "stuck")
RUNS = ("run-a", "run-b", "run-c")
KEYS = ("workload:ml-serving/deployment/llm", "node:gpu-a")


class Time:
    """A clock that stands still but for those who sleep."""

    def __init__(self) -> None:
        self.seconds = NOW

    def clock(self) -> Clock:
        return Clock(self.now, self.now, self.pass_by)

    def now(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds


class LedgerMachine(RuleBasedStateMachine):
    """Two connections to one ledger, used in turn: whatever one writes, the other sees at once."""

    open: Callable[[Clock], Ledger]
    """Opens a connection to the ledger of this example."""
    fresh: Callable[[], None]
    """Starts a new, empty ledger."""

    held = Bundle("held")
    """Records as somebody has read them, the present version or an old one."""

    def __init__(self) -> None:
        super().__init__()
        type(self).fresh()
        self.time = Time()
        self.ledgers = [type(self).open(self.time.clock()) for _ in range(2)]
        self.turns = itertools.cycle(self.ledgers)
        self.model: dict[str, Record] = {}
        self.beats: dict[str, float] = {}
        self.locks: dict[str, str] = {}
        self.halt: Halt | None = None
        self.numbers = itertools.count(1)

    @property
    def ledger(self) -> Ledger:
        return next(self.turns)

    @rule(target=held, run=st.sampled_from(RUNS), repeated=st.booleans())
    def a_record_is_added(self, run: str, repeated: bool) -> Record:
        new = record(next(self.numbers), run)
        stored = self.ledger.add(new)
        if repeated:  # its answer was lost
            assert self.ledger.add(new) == stored
        assert stored.document() == new.document()
        self.model[new.id] = stored
        return stored

    @rule(one=held)
    def another_record_of_the_same_id_is_refused(self, one: Record) -> None:
        if one.id in self.model:
            with pytest.raises(StaleRecordError):
                self.ledger.add(replace(one, intended_at=one.intended_at + 0.5, version=""))

    @rule(target=held, one=held, state=st.sampled_from(STATES), repeated=st.booleans())
    def a_record_is_moved(self, one: Record, state: State, repeated: bool) -> object:
        if state != one.state and state not in ALLOWED[one.state]:
            with pytest.raises(TransitionError):
                one.moved(state, self.time.seconds)
            return multiple()
        self.time.pass_by(0.001)
        moved = one.moved(state, self.time.seconds, "because")
        present = self.model.get(one.id)
        if present is None or present.version != one.version:
            with pytest.raises(StaleRecordError):
                self.ledger.move(moved)
            return multiple()
        stored = self.ledger.move(moved)
        if repeated:  # its answer was lost
            assert self.ledger.move(moved) == stored
        assert stored.version != one.version
        assert stored.document() == moved.document()
        self.model[one.id] = stored
        return stored

    @rule(one=held)
    def a_record_is_removed(self, one: Record) -> None:
        present = self.model.get(one.id)
        if present is not None and present.state != "undone":
            with pytest.raises(LedgerError, match="only an undone one may be removed"):
                self.ledger.remove(one)
            return
        self.ledger.remove(one)
        self.model.pop(one.id, None)

    @rule(one=consumes(held))
    def a_record_is_undone_and_removed(self, one: Record) -> None:
        present = self.model.pop(one.id, None)
        if present is None:
            return
        if present.state != "undone":
            present = self.ledger.move(present.moved("undoing", self.time.seconds))
            present = self.ledger.move(present.moved("undone", self.time.seconds))
        self.ledger.remove(present)
        self.ledger.remove(present)

    @rule(run=st.sampled_from(RUNS))
    def a_run_beats(self, run: str) -> None:
        self.time.pass_by(0.5)
        before = {beat.run: beat.version for beat in self.ledger.heartbeats()}
        opened = type(self).open(self.time.clock())
        opened.beat(run, self.time.seconds)
        opened.close()
        self.beats[run] = self.time.seconds
        after = {beat.run: beat.version for beat in self.ledger.heartbeats()}
        assert after[run] != before.get(run)

    @rule(run=st.sampled_from(RUNS))
    def a_run_that_was_ended_while_it_was_silent_is_told_so(self, run: str) -> None:
        if run in self.beats or any(one.run == run for one in self.model.values()):
            return
        silent = type(self).open(self.time.clock())
        silent.beat(run, self.time.seconds)
        self.ledger.end(run)
        self.locks = {key: holder for key, holder in self.locks.items() if holder != run}
        with pytest.raises(GivenUpError):
            silent.beat(run, self.time.seconds)
        silent.close()

    @rule(seconds=st.sampled_from([1.0, 2 * DEAD_AFTER_SECONDS]))
    def time_passes(self, seconds: float) -> None:
        self.time.pass_by(seconds)

    @rule(key=st.sampled_from(KEYS), run=st.sampled_from(RUNS))
    def a_lock_is_asked_for(self, key: str, run: str) -> None:
        holder = self.locks.get(key)
        fresh = holder in self.beats and self.time.seconds - self.beats[holder] < DEAD_AFTER_SECONDS
        leftovers = any(one.run == holder and one.state != "undone" for one in self.model.values())
        if holder not in (None, run) and (fresh or leftovers):
            with pytest.raises(LockedError, match=f"run {holder}"):
                self.ledger.lock(key, run)
            return
        self.ledger.lock(key, run)
        self.ledger.lock(key, run)
        self.locks[key] = run

    @rule(run=st.sampled_from(RUNS))
    def a_run_ends(self, run: str) -> None:
        if any(one.run == run for one in self.model.values()):
            with pytest.raises(LedgerError, match="still has records"):
                self.ledger.end(run)
            return
        self.ledger.end(run)
        self.beats.pop(run, None)
        self.locks = {key: holder for key, holder in self.locks.items() if holder != run}

    @rule(why=st.sampled_from(["an incident", "a freeze"]))
    def everything_is_halted(self, why: str) -> None:
        self.halt = Halt(why, "sre@host", self.time.seconds)
        self.ledger.halt(self.halt)

    @rule()
    def the_halt_is_lifted(self) -> None:
        assert self.ledger.resume() == self.halt
        self.halt = None

    @invariant()
    def both_connections_see_what_the_model_says(self) -> None:
        expected = sorted(self.model.values(), key=lambda one: (one.intended_at, one.id))
        for ledger in self.ledgers:
            assert list(ledger.contents().records) == expected
        assert self.ledger.locks() == self.locks
        assert [(beat.run, beat.at) for beat in self.ledger.heartbeats()] == sorted(self.beats.items())
        assert self.ledger.halted() == self.halt

    @precondition(lambda self: self.model)
    @invariant()
    def a_record_is_found_by_its_id_and_its_run(self) -> None:
        one = next(iter(self.model.values()))
        assert self.ledger.get(one.id) == one
        assert one in self.ledger.records(one.run)
        assert self.ledger.records("nobody") == []

    def teardown(self) -> None:
        for ledger in self.ledgers:
            ledger.close()
