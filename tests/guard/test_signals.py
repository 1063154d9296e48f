"""Signals and stops of the real `chaos run`: whatever comes, and wherever the main thread is, the fault goes."""

import contextlib
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guard.control import MARKER
from tests.guard.slo_prometheus import SloScript, slo_prometheus
from tests.guard.stage import Program, Stage, python
from tests.waiting import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    made = Program()
    yield made
    made.close()


@pytest.fixture
def stage(program: Program, tmp_path: Path) -> Iterator[Stage]:
    script = SloScript()
    with slo_prometheus(script) as url:
        yield Stage(program, tmp_path, script, url)


def gone(stage: Stage) -> bool:
    return not stage.path("broken").exists()


def undos(stage: Stage) -> int:
    return len(stage.path("broken.undo").read_text().splitlines())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_in_a_blocked_activity_takes_the_fault_out_ends_the_run_and_plays_the_rollbacks(
    stage: Stage, number: int
) -> None:
    stage.experiment["rollbacks"] = [stage.note("rolled-back")]
    stage.experiment["method"].append(stage.note("never"))
    process = stage.start()
    stage.until("blocked", process)
    process.send_signal(number)

    ended = stage.finish(process)

    assert gone(stage)
    assert (ended.status, ended.verdict) == (1, "aborted"), ended.said
    assert signal.Signals(number).name in ended.reason
    assert stage.path("rolled-back").exists()
    assert not stage.path("never").exists()
    assert stage.left == []


def test_sigusr2_skips_the_rollbacks_of_the_experiment_and_never_the_undo(stage: Stage) -> None:
    stage.experiment["rollbacks"] = [stage.note("rolled-back")]
    process = stage.start()
    stage.until("blocked", process)
    process.send_signal(signal.SIGUSR2)

    ended = stage.finish(process)

    assert gone(stage)
    assert ended.verdict == "aborted"
    assert not stage.path("rolled-back").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_more_signals_during_the_undo_change_nothing(stage: Stage, number: int) -> None:
    stage.experiment["method"][0] = stage.touch(undo_seconds=1.5)
    stage.experiment["rollbacks"] = [stage.note("rolled-back")]
    process = stage.start()
    stage.until("blocked", process)
    process.send_signal(number)
    stage.until("broken.undo", process)
    process.send_signal(number)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGUSR1)

    ended = stage.finish(process)

    assert gone(stage)
    assert undos(stage) == 1
    assert ended.verdict == "aborted"
    assert stage.path("rolled-back").exists()
    assert stage.left == []


def test_a_signal_while_a_fault_goes_in_lets_it_land_and_takes_it_out(stage: Stage) -> None:
    stage.experiment["method"][0] = stage.touch(inject_seconds=1.5)
    process = stage.start()
    stage.until("broken.sent", process)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)

    ended = stage.finish(process)

    assert gone(stage)
    assert ended.verdict == "aborted", ended.said
    assert not stage.path("blocked").exists()
    assert stage.left == []


def test_an_activity_that_swallows_the_end_is_ended_once_more(stage: Stage) -> None:
    stage.experiment["method"][1] = stage.block("swallow")
    process = stage.start()
    stage.until("blocked", process)
    process.send_signal(signal.SIGTERM)

    ended = stage.finish(process)

    assert stage.path("blocked.swallowed").exists()
    assert ended.verdict == "aborted"
    assert gone(stage)


def test_a_signal_in_a_hook_of_a_control_ends_the_run_before_the_next_activity(stage: Stage) -> None:
    stage.experiment["controls"].append(
        {"name": "stands", "provider": {"type": "python", "module": "tests.guard.control"}}
    )
    stage.experiment["method"] = [stage.touch(), stage.note("stand"), stage.note("never")]
    stage.environment[MARKER] = str(stage.path("hook"))
    process = stage.start()
    stage.until("hook.standing", process)
    process.send_signal(signal.SIGINT)
    wait_for(lambda: gone(stage), 60)  # while the main thread still stands in the hook
    stage.path("hook").touch()

    ended = stage.finish(process)

    assert ended.verdict == "aborted", ended.said
    assert not stage.path("never").exists()
    assert stage.left == []


def test_an_activity_that_asks_for_a_graceful_exit_is_a_stop(stage: Stage) -> None:
    stage.experiment["method"][1] = stage.block("leave")

    ended = stage.run()

    assert gone(stage)
    assert ended.verdict == "aborted"
    assert "SIGUSR1" in ended.reason


def test_a_breach_takes_the_fault_out_while_the_method_is_blocked(stage: Stage) -> None:
    process = stage.start()
    stage.until("blocked", process)
    stage.script.error_ratio = 0.5
    wait_for(lambda: gone(stage), 60)
    stage.script.error_ratio = 0.0

    ended = stage.finish(process)

    assert (ended.status, ended.verdict) == (1, "breached")
    assert "llm-availability burns its error budget at 100 over 10 s" in ended.reason
    assert ended.journal["deviated"] is True
    assert ended.journal["mlchaos"]["slos_recovered_seconds"] >= 0
    assert stage.left == []


def test_a_halt_ends_the_run_and_says_who_halted_it(stage: Stage) -> None:
    process = stage.start()
    stage.until("blocked", process)
    halt = (
        "from actions.ledger.open import open_in_file; from actions.ledger.record import Halt; open_in_file().halt(Halt"
    )
    code = f"{halt}('an incident', 'alice', 1.0))"
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={"MLCHAOS_STATE_DIR": str(stage.path("state"))}, timeout=60
    )

    ended = stage.finish(process)
    again = stage.run()

    assert gone(stage)
    assert ended.verdict == "aborted"
    assert "halted by alice: an incident" in ended.reason
    assert again.verdict == "refused"
    assert "chaos resume" in again.reason


def test_the_duration_ends_a_method_that_outlasts_it(stage: Stage) -> None:
    stage.guard["blast_radius"]["duration"] = "1s"

    ended = stage.run()

    assert gone(stage)
    assert ended.verdict == "aborted"
    assert "blast_radius.duration (1 s) is over" in ended.reason


def test_a_fault_that_does_not_come_out_is_told_and_stays_in_the_ledger(stage: Stage) -> None:
    stage.experiment["method"] = [stage.touch(undoable=False), stage.note()]

    ended = stage.run()

    assert (ended.status, ended.verdict) == (1, "error")
    assert "stuck and needs a person" in ended.reason
    assert "the file clings to its directory" in ended.reason
    assert any("stuck" in row for row in stage.left)


def test_a_run_that_holds_leaves_nothing_and_exits_with_0(stage: Stage) -> None:
    stage.experiment["method"] = [stage.touch(names=["broken", "broken-too"]), stage.note()]

    ended = stage.run()

    assert (ended.status, ended.verdict) == (0, "held"), ended.said
    assert len(ended.journal["mlchaos"]["faults"]) == 2
    assert ended.journal["mlchaos"]["error_budget_spent"] == {"llm-availability": 0.0}
    assert stage.left == []


def test_a_fault_that_vanished_by_itself_proves_nothing(stage: Stage) -> None:
    mend = python("mend", "os", "unlink", path=str(stage.path("broken")))
    stage.experiment["method"] = [stage.touch(), mend, stage.note()]

    ended = stage.run()

    assert (ended.status, ended.verdict) == (1, "inconclusive"), ended.said
    assert "files_of_tests.touch on path broken: it was not in effect any more" in ended.reason
    assert stage.path("noted").exists()
    assert stage.left == []


def test_a_run_whose_ledger_takes_no_heartbeat_takes_its_fault_out_and_ends(stage: Stage) -> None:
    process = stage.start()
    stage.until("blocked", process)
    with contextlib.closing(sqlite3.connect(stage.path("state") / "ledger.sqlite")) as locked:
        locked.execute("begin exclusive")
        wait_for(lambda: gone(stage), 60)

    ended = stage.finish(process)

    assert (ended.status, ended.verdict) == (1, "aborted"), ended.said
    assert "has taken no heartbeat for" in ended.reason
    assert stage.left == []
