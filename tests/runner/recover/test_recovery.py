"""Recovery of a ledger: what was left behind comes out, is looked at once more, and is forgotten."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from actions.ledger.in_file import InFile
from actions.ledger.record import Record, State
from actions.ledger.store import LedgerError, TransientLedgerError
from actions.systems import Systems
from runner.recover.decisions import Scope
from runner.recover.once import RecoverOnce, Report
from runner.recover.outcomes import Outcome
from runner.recover.recovery import Recovery
from tests.actions.ledger.contract import Time
from tests.actions.ledger.records import NOW
from tests.actions.ledger.rigged import World, fresh_world, rigged_record

SYSTEMS = Systems()


@pytest.fixture
def world() -> World:
    return fresh_world()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def ledger(memory_path: Path) -> Iterator[InFile]:
    opened = InFile(memory_path / "ledger.sqlite")
    yield opened
    opened.close()


def left(ledger: InFile, world: World, number: int = 1, run: str = "run-a", state: State = "active") -> Record:
    """A fault that is in, with its record."""
    world.broken.add(f"llm-{number}")
    return ledger.add(rigged_record(number, run, state=state))


def recover(
    recovery: Recovery, time: Time, scope: Scope | None = None, *, dry: bool = False, verify: bool = True
) -> Report:
    once = RecoverOnce(
        [recovery], scope or Scope(), lambda _: None, lambda _: None, dry=dry, verify=verify, clock=time.clock()
    )
    report = once.run()
    recovery.wait()
    return report


def results(report: Report) -> list[tuple[str, str]]:
    return [(outcome.record.target.name, outcome.result) for outcome in report.outcomes]


@pytest.mark.parametrize("state", ["intended", "active", "undoing", "stuck"])
def test_after_a_recovery_nothing_of_a_dead_run_is_left(ledger: InFile, world: World, time: Time, state: State) -> None:
    ledger.beat("run-a", NOW - 1)
    ledger.lock("node:gpu-a", "run-a")
    left(ledger, world, state=state)
    report = recover(Recovery(ledger, SYSTEMS, clock=time.clock()), time)
    assert results(report) == [("llm-1", "undone"), ("llm-1", "removed")]
    assert world.broken == set()
    assert (ledger.records(), ledger.heartbeats(), ledger.locks()) == ([], [], {})
    assert 35 <= time.now() - NOW < 38


def test_the_faults_of_a_living_run_are_not_touched(ledger: InFile, world: World, time: Time) -> None:
    left(ledger, world)
    ledger.lock("node:gpu-a", "run-a")
    beating = Beating(ledger, time)
    report = recover(Recovery(beating, SYSTEMS, clock=time.clock()), time)
    assert report.outcomes == []
    assert world.broken == {"llm-1"}
    assert ledger.locks() == {"node:gpu-a": "run-a"}
    assert time.now() - NOW < 5


class Beating(InFile):
    """A ledger in which run-a beats whenever somebody looks."""

    def __init__(self, ledger: InFile, time: Time) -> None:
        super().__init__(ledger._path)
        self.time = time

    def locks(self) -> dict[str, str]:
        self.beat("run-a", self.time.now())
        return super().locks()


@pytest.mark.parametrize("scope", [Scope(run="run-a"), Scope(all=True)])
def test_a_living_run_s_faults_come_out_when_they_are_asked_for(
    ledger: InFile, world: World, time: Time, scope: Scope
) -> None:
    left(ledger, world)
    report = recover(Recovery(Beating(ledger, time), SYSTEMS, clock=time.clock()), time, scope)
    assert results(report) == [("llm-1", "undone")]
    assert [record.state for record in ledger.records()] == ["undone"]


def test_one_run_s_recovery_leaves_the_others_alone(ledger: InFile, world: World, time: Time) -> None:
    left(ledger, world, 1, "run-a")
    left(ledger, world, 2, "run-b")
    recover(Recovery(ledger, SYSTEMS, clock=time.clock()), time, Scope(run="run-a"))
    assert world.broken == {"llm-2"}
    assert [record.run for record in ledger.records()] == ["run-b"]


def test_a_dry_recovery_touches_nothing_and_says_what_it_would_do(ledger: InFile, world: World, time: Time) -> None:
    before = left(ledger, world)
    report = recover(Recovery(ledger, SYSTEMS, clock=time.clock()), time, dry=True)
    ((decision,),) = report.left.values()
    assert (decision.doing, decision.why) == ("undo", "its run has no heartbeat")
    assert ledger.records() == [before]
    assert (world.broken, report.outcomes) == ({"llm-1"}, [])


def test_what_lands_after_the_undo_is_found_and_taken_out(ledger: InFile, world: World, time: Time) -> None:
    left(ledger, world)
    recovery = Recovery(ledger, SYSTEMS, clock=time.clock())
    recover(recovery, time, verify=False)
    assert world.broken == set()
    world.broken.add("llm-1")
    report = recover(recovery, time)
    assert results(report) == [("llm-1", "undone"), ("llm-1", "removed")]
    assert report.outcomes[0].why == "it was there again after its undo"
    assert world.broken == set()
    assert ledger.records() == []


def test_a_stuck_fault_holds_up_no_other_and_is_tried_once(ledger: InFile, world: World, time: Time) -> None:
    left(ledger, world, 1)
    left(ledger, world, 2)
    world.stubborn.add("llm-1")
    report = recover(Recovery(ledger, SYSTEMS, clock=time.clock()), time)
    assert sorted(results(report)) == [("llm-1", "stuck"), ("llm-2", "removed"), ("llm-2", "undone")]
    (stuck,) = report.stuck
    assert "cannot be seen to be gone" in stuck.reason
    assert [record.state for record in ledger.records()] == ["stuck"]


def test_faults_on_one_target_come_out_in_reverse_order(ledger: InFile, world: World, time: Time) -> None:
    first = left(ledger, world, 1)
    second = ledger.add(replace(first, id="mlchaos-second", intended_at=NOW + 2, version=""))
    order: list[str] = []
    world.on_undo = lambda record: order.append(record.id)
    recover(Recovery(ledger, SYSTEMS, clock=time.clock()), time, verify=False)
    assert order == [second.id, first.id]


def test_two_recoveries_at_once_leave_nothing_and_say_nothing_wrong(ledger: InFile, world: World, time: Time) -> None:
    for number in range(1, 6):
        left(ledger, world, number)
    other_time = Time()
    other = InFile(ledger._path)
    reports: list[Report] = []
    thread = threading.Thread(
        target=lambda: reports.append(recover(Recovery(other, SYSTEMS, clock=other_time.clock()), other_time))
    )
    thread.start()
    reports.append(recover(Recovery(ledger, SYSTEMS, clock=time.clock()), time))
    thread.join()
    other.close()
    assert world.broken == set()
    assert ledger.records() == []
    assert {outcome.result for report in reports for outcome in report.outcomes} <= {"undone", "removed", "elsewhere"}
    assert [report.unseen for report in reports] == [[], []]


def test_a_record_that_cannot_be_read_is_told_and_keeps_no_other_in(ledger: InFile, world: World, time: Time) -> None:
    left(ledger, world)
    ledger._connection.execute("INSERT INTO records VALUES ('odd', 'run-a', 'active', 0, '{}', 'v')")
    report = recover(Recovery(ledger, SYSTEMS, clock=time.clock()), time)
    assert world.broken == set()
    (problem,) = report.unseen
    assert problem.startswith(f"record odd in the local ledger {ledger._path} cannot be read: id: Field required")


class Failing(InFile):
    """A ledger whose next looks fail."""

    failures: list[LedgerError]

    def locks(self) -> dict[str, str]:
        if self.failures:
            raise self.failures.pop(0)
        return super().locks()


def test_a_ledger_that_does_not_answer_is_asked_again(ledger: InFile, world: World, time: Time) -> None:
    left(ledger, world)
    failing = Failing(ledger._path)
    failing.failures = [TransientLedgerError("not now")] * 3
    report = recover(Recovery(failing, SYSTEMS, clock=time.clock()), time)
    assert (world.broken, report.unseen) == (set(), [])


class Unwritable(InFile):
    """A ledger that can be read, and in which another process has the pen for good."""

    def move(self, record: Record) -> Record:
        raise LedgerError("locked")


def test_a_ledger_that_cannot_be_written_keeps_no_fault_in_and_is_not_tried_for_ever(
    ledger: InFile, world: World, time: Time
) -> None:
    record = left(ledger, world)
    report = recover(Recovery(Unwritable(ledger._path), SYSTEMS, clock=time.clock()), time)
    assert world.broken == set()
    assert results(report) == [("llm-1", "undone")] * 3
    (problem,) = report.unseen
    assert f"does not take it that {record.fault} on {record.target} is undone, and has it as active" in problem


def test_a_ledger_that_never_answers_is_told(ledger: InFile, time: Time) -> None:
    failing = Failing(ledger._path)
    failing.failures = [TransientLedgerError("not now")] * 1000
    report = recover(Recovery(failing, SYSTEMS, clock=time.clock()), time)
    assert report.unseen == ["not now"]
    assert 15 <= time.now() - NOW < 16


def test_a_dead_run_that_left_only_its_heartbeat_and_locks_is_ended(ledger: InFile, time: Time) -> None:
    ledger.beat("run-a", NOW - 1)
    ledger.lock("node:gpu-a", "run-a")
    recover(Recovery(ledger, SYSTEMS, clock=time.clock()), time)
    assert (ledger.heartbeats(), ledger.locks()) == ([], {})


def test_a_fault_that_cannot_be_looked_at_again_keeps_its_record(
    ledger: InFile, world: World, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    left(ledger, world)
    recovery = Recovery(ledger, SYSTEMS, clock=time.clock())
    recover(recovery, time, verify=False)

    def fails(*_: object) -> bool:
        raise ConnectionResetError("dropped")

    monkeypatch.setattr("tests.actions.ledger.rigged.RiggedFault.undone", fails)
    report = recover(recovery, time)
    assert {outcome.result for outcome in report.outcomes} == {"failed"}
    assert report.unseen == ["it cannot be seen whether it is still gone: dropped"]
    assert [record.state for record in ledger.records()] == ["undone"]


def test_nothing_to_recover_is_quick_and_quiet(ledger: InFile, time: Time) -> None:
    report = recover(Recovery(ledger, SYSTEMS, clock=time.clock()), time)
    assert report == Report(left={ledger.place: []})
    assert time.now() == NOW


def test_outcomes_are_told_as_they_come(ledger: InFile, world: World, time: Time) -> None:
    left(ledger, world)
    told: list[Outcome] = []
    recovery = Recovery(ledger, SYSTEMS, clock=time.clock())
    RecoverOnce([recovery], Scope(), told.append, lambda _: None, clock=time.clock()).run()
    assert [outcome.result for outcome in told] == ["undone", "removed"]
