"""Taking faults out: all of them, each once, none held up by another; and what the ledger keeps of them."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from actions.fault import Target
from actions.ledger.in_file import InFile
from actions.ledger.record import Record, Undo
from actions.run_context import Injected, Run
from actions.systems import Systems
from runner.guarding.removal import Removal


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[InFile]:
    made = InFile(tmp_path / "ledger.sqlite")
    yield made
    made.close()


class Undoing:
    """Undoes by writing the record down as undone, except what is to be stuck."""

    def __init__(self, ledger: InFile) -> None:
        self.order: list[str] = []
        self.stuck: set[str] = set()
        self.held_up: dict[str, threading.Event] = {}
        self._ledger = ledger

    def __call__(self, record: Record) -> Record:
        if record.id in self.held_up:
            assert self.held_up[record.id].wait(10)
        self.order.append(record.id)
        undoing = self._ledger.move(record.moved("undoing", time.time()))
        state = "stuck" if record.id in self.stuck else "undone"
        return self._ledger.move(undoing.moved(state, time.time(), "why" if state == "stuck" else ""))  # type: ignore[arg-type]


@pytest.fixture
def undoing(ledger: InFile) -> Undoing:
    return Undoing(ledger)


@pytest.fixture
def run(ledger: InFile) -> Run:
    ledger.beat("r", time.time())
    return Run("r", (), ledger, Systems(), time.time() + 60)


def injected(run: Run, name: str, target: str) -> Injected:
    now = time.time()
    record = Record(name, run.id, "x.y", Target("path", target), Undo("x.y", {}), now, now + 60, changed_at=now)
    one = Injected(run.ledger.add(record), "break", now, sent_at=now)
    run.injected.append(one)
    return one


def test_everything_comes_out_once_and_on_one_target_in_reverse_order(run: Run, undoing: Undoing) -> None:
    for name in ("a1", "a2", "a3"):
        injected(run, name, "a")
    removal = Removal(run, undoing)
    assert removal.undo_all() == ()
    assert removal.undo_all() == ()
    assert undoing.order == ["a3", "a2", "a1"]
    assert all(one.undone_at is not None for one in run.injected)


def test_one_that_takes_its_time_holds_up_no_other(run: Run, undoing: Undoing) -> None:
    injected(run, "slow", "a")
    injected(run, "quick", "b")
    undoing.held_up["slow"] = threading.Event()
    removal = Removal(run, undoing)
    worker = threading.Thread(target=removal.undo_all)
    worker.start()
    deadline = time.monotonic() + 10
    while undoing.order != ["quick"]:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    undoing.held_up["slow"].set()
    worker.join(10)
    assert undoing.order == ["quick", "slow"]


def test_what_is_stuck_is_told_and_tried_again_only_when_asked_for(run: Run, undoing: Undoing) -> None:
    stuck = injected(run, "s", "a")
    undoing.stuck.add("s")
    removal = Removal(run, undoing)
    assert removal.undo_all() == (stuck,)
    assert removal.undo_all() == (stuck,)
    assert undoing.order == ["s"]
    undoing.stuck.clear()
    assert removal.undo_for_good(retry_stuck=True) == ()
    assert undoing.order == ["s", "s"]


def test_what_goes_in_meanwhile_is_waited_for_and_taken_out(run: Run, undoing: Undoing) -> None:
    removal = Removal(run, undoing)
    began, may_go_on = threading.Event(), threading.Event()

    def inject() -> None:
        with run.injection():
            began.set()
            assert may_go_on.wait(10)
            injected(run, "late", "a")

    injector = threading.Thread(target=inject)
    injector.start()
    assert began.wait(10)
    remover = threading.Thread(target=removal.undo_for_good)
    remover.start()
    may_go_on.set()
    remover.join(10)
    injector.join(10)
    assert undoing.order == ["late"]


def test_a_record_that_nobody_remembers_is_undone_too(run: Run, undoing: Undoing) -> None:
    injected(run, "forgotten", "a")
    run.injected.clear()
    Removal(run, undoing).undo_unnoticed()
    assert undoing.order == ["forgotten"]


def test_a_run_that_is_clean_leaves_no_record(run: Run, undoing: Undoing) -> None:
    injected(run, "a", "a")
    removal = Removal(run, undoing)
    removal.undo_all()
    assert removal.forget()
    assert run.ledger.records() == []


def test_a_request_that_may_still_land_keeps_its_record_for_whoever_looks_again(run: Run, undoing: Undoing) -> None:
    one = injected(run, "a", "a")
    one.perhaps_in_flight = True
    removal = Removal(run, undoing)
    removal.undo_all()
    assert not removal.forget()
    assert [record.state for record in run.ledger.records()] == ["undone"]


def test_the_records_of_others_are_left_alone(run: Run, undoing: Undoing) -> None:
    other = injected(run, "b", "b").record
    run.injected.clear()
    run.ledger.remove(undoing(other))
    run.ledger.add(replace(other, run="another", id="c", version="", state="intended"))
    removal = Removal(run, undoing)
    removal.undo_unnoticed()
    assert removal.forget()
    assert [record.id for record in run.ledger.records()] == ["c"]
