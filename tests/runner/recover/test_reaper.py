"""The reaper finds ledgers, survives what they do, and takes out what is left in them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from actions.ledger.in_file import InFile
from actions.ledger.store import Ledger, LedgerError, TransientLedgerError
from lab.processes import die_with_parent
from runner.recover.decisions import Rules
from runner.recover.reaper import LOOK_EVERY_SECONDS, Reaper
from tests.actions.ledger.contract import Time
from tests.actions.ledger.rigged import World, fresh_world, rigged_record
from tests.waiting import wait_for


class Rig:
    """A reaper over the ledgers in a directory, and a clock that only the test moves."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "ledger.sqlite"
        self.time = Time()
        self.world: World = fresh_world()
        self.problems: list[LedgerError] = []
        self.opened: list[InFile] = []
        self.reaper = Reaper(nullcontext, directory / "alive", self.open, Rules(), self.time.clock())

    def open(self) -> tuple[list[Ledger], list[LedgerError]]:
        if self.problems:
            return [], self.problems
        self.opened.append(InFile(self.path))
        return [self.opened[-1]], []

    def ticks(self, number: int) -> None:
        for _ in range(number):
            self.reaper.tick()
            for recovery in self.reaper._recoveries.values():
                recovery.wait(10)
            self.time.pass_by(LOOK_EVERY_SECONDS)

    def leave(self, number: int = 1) -> None:
        ledger = InFile(self.path)
        ledger.add(rigged_record(number, state="active"))
        ledger.close()
        self.world.broken.add(f"llm-{number}")

    def records(self) -> list[str]:
        ledger = InFile(self.path)
        try:
            return [record.state for record in ledger.records()]
        finally:
            ledger.close()


@pytest.fixture
def rig(memory_path: Path) -> Iterator[Rig]:
    made = Rig(memory_path)
    yield made
    for ledger in made.opened:
        ledger.close()


def test_it_takes_out_what_a_dead_run_has_left_and_forgets_it_half_a_minute_later(rig: Rig) -> None:
    rig.leave()
    rig.ticks(3)
    assert rig.world.broken == {"llm-1"}
    rig.ticks(1)
    assert (rig.world.broken, rig.records()) == (set(), ["undone"])
    rig.ticks(17)
    assert rig.records() == []


def test_it_says_after_each_look_that_it_lives(rig: Rig, memory_path: Path) -> None:
    rig.problems = [TransientLedgerError("not now")]
    rig.ticks(1)
    assert (memory_path / "alive").exists()


def test_a_ledger_that_appears_later_is_found(rig: Rig) -> None:
    rig.problems = [LedgerError("no namespace mlchaos yet")]
    rig.ticks(3)
    rig.problems = []
    rig.leave()
    rig.ticks(5)
    assert rig.world.broken == set()


def test_a_ledger_that_was_replaced_is_opened_anew(rig: Rig) -> None:
    rig.leave(1)
    rig.ticks(1)
    rig.path.rename(rig.path.with_suffix(".away"))
    rig.ticks(1)
    rig.leave(2)
    rig.ticks(12)
    assert rig.world.broken == {"llm-1"}


def test_a_problem_is_said_once_and_so_is_its_end(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="chaostoolkit")
    rig.problems = [TransientLedgerError("the API does not answer")]
    rig.ticks(3)
    rig.problems = []
    rig.ticks(2)
    assert caplog.messages.count("the API does not answer") == 1
    assert caplog.messages.count("It works again: the API does not answer") == 1


def test_an_error_nobody_thought_of_does_not_end_it(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.leave()
    rig.ticks(1)
    (recovery,) = rig.reaper._recoveries.values()
    with monkeypatch.context() as patch:
        patch.setattr(recovery, "look", lambda: 1 / 0)
        rig.ticks(1)
    rig.ticks(3)
    assert rig.world.broken == set()


def test_a_stuck_fault_is_tried_again_after_a_minute_and_others_do_not_wait(rig: Rig) -> None:
    rig.leave(1)
    rig.leave(2)
    rig.world.stubborn.add("llm-1")
    rig.ticks(10)
    assert rig.world.broken == {"llm-1"}
    tries = len(rig.world.undone)
    rig.ticks(10)
    assert len(rig.world.undone) == tries
    rig.world.stubborn.clear()
    rig.ticks(20)
    assert rig.world.broken == set()


@pytest.mark.lab
def test_the_command_ends_cleanly_on_sigterm_and_logs_logfmt(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    environment = {**os.environ, "MLCHAOS_LEDGER": "local", "MLCHAOS_STATE_DIR": str(tmp_path)}
    process = subprocess.Popen(
        die_with_parent(
            [sys.executable, "-c", f"from runner.cli.reaper import reaper; reaper(['--alive', {str(alive)!r}])"]
        ),
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(alive.exists, 30)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0
    first, *_, last = log.splitlines()
    assert first.startswith("ts=20")
    assert 'level=info msg="The reaper looks every 2 s" run_id=-' in first
    assert 'msg="The reaper has stopped"' in last
