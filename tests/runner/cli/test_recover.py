"""chaos recover, chaos halt and chaos resume, as they are typed."""

import json
from pathlib import Path

import pytest
from click import Command
from click.testing import CliRunner, Result

from runner.cli.expired_notice import offer_recovery
from runner.cli.halt import halt, resume
from runner.cli.recover import recover
from tests.actions.ledger.rigged import World, fresh_world
from tests.runner.cli.ledger_files import LocalLedger


@pytest.fixture
def world() -> World:
    return fresh_world()


@pytest.fixture
def local(memory_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> LocalLedger:
    monkeypatch.setenv("MLCHAOS_STATE_DIR", str(memory_path))
    monkeypatch.setenv("MLCHAOS_LEDGER", "local")
    return LocalLedger(memory_path, world)


def chaos(command: Command, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def test_expired_faults_come_out(local: LocalLedger, world: World) -> None:
    local.leave(1)
    local.leave(2)
    result = chaos(recover, "--all", "--no-wait")
    assert result.exit_code == 0, result.output
    assert world.broken == set()
    assert result.stdout.count("undone  asked for") == 2
    assert "undone: rigged.break_it on pod ml-serving/llm-1, run run-a (asked for)" in result.stderr


def test_a_dry_run_touches_nothing(local: LocalLedger, world: World) -> None:
    local.leave()
    result = chaos(recover, "--run", "run-a", "--dry-run", "--json")
    assert result.exit_code == 0
    (row,) = json.loads(result.stdout)["records"]
    assert (row["done"], row["why"], row["state"]) == ("would be undone", "asked for", "active")
    assert (world.broken, local.states()) == ({"llm-1"}, ["active"])


def test_a_stuck_fault_is_status_5_and_says_what_to_do(local: LocalLedger, world: World) -> None:
    local.leave()
    world.stubborn.add("llm-1")
    result = chaos(recover, "--all", "--no-wait")
    assert result.exit_code == 5
    assert "STUCK" in result.stdout
    assert "put pod ml-serving/llm-1 right by hand" in " ".join(result.stdout.split())
    assert local.states() == ["stuck"]


def test_a_ledger_that_cannot_be_read_is_status_4(local: LocalLedger) -> None:
    local.path.write_text("this is no database, and long enough to be told from one" * 20)
    result = chaos(recover)
    assert result.exit_code == 4
    assert "it is no ledger" in result.stderr


def test_nothing_to_recover_is_a_success(local: LocalLedger) -> None:
    result = chaos(recover)
    assert (result.exit_code, result.stdout) == (0, "No ledger, so nothing is known to recover\n")
    assert not local.path.exists()


def test_a_run_that_is_not_in_the_ledger_is_no_quiet_success(local: LocalLedger) -> None:
    local.leave(run="run-a")
    result = chaos(recover, "--run", "run-x")
    assert result.exit_code == 2
    assert "no fault of run run-x is in the ledger; there are some of run-a" in result.stderr


@pytest.mark.parametrize("options", [["--all", "--expired"], ["--run", "a", "--all"]])
def test_only_one_choice_can_be_made(local: LocalLedger, options: list[str]) -> None:
    result = chaos(recover, *options)
    assert result.exit_code == 2
    assert "choose one of --run, --expired and --all" in result.stderr


def test_a_wrong_choice_of_ledger_is_told(local: LocalLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCHAOS_LEDGER", "redis")
    result = chaos(recover)
    assert result.exit_code == 4
    assert "MLCHAOS_LEDGER is 'redis'; it may be kubernetes or local" in result.stderr


def test_halt_stops_and_resume_allows_again(local: LocalLedger) -> None:
    halted = chaos(halt, "--why", "incident\n4711")
    assert halted.exit_code == 0, halted.output
    assert "Runs are refused until `chaos resume`" in halted.stdout
    again = chaos(halt, "--why", "more", "--dry-run")
    assert "halted already of " in again.stdout
    assert ": incident 4711" in again.stdout
    lifted = chaos(resume, "--json")
    assert json.loads(lifted.stdout)["lifted"][0]["why"] == "incident 4711"
    assert chaos(resume).stdout == "Nothing was halted: runs are allowed\n"


def test_halt_names_the_faults_that_stay_in(local: LocalLedger) -> None:
    local.leave()
    result = chaos(halt, "--why", "incident 4711", "--wait", "0")
    assert result.exit_code == 5
    assert "1 fault(s) are still in:\n  active   rigged.break_it on pod ml-serving/llm-1, run run-a" in result.stdout


def test_halt_needs_a_reason(local: LocalLedger) -> None:
    result = chaos(halt, "--why", " ")
    assert result.exit_code == 2
    assert "--why is empty" in result.stderr
    assert not local.path.exists()


def test_a_dry_resume_lifts_nothing(local: LocalLedger) -> None:
    chaos(halt, "--why", "a freeze")
    assert "Would lift the halt of" in chaos(resume, "--dry-run").stdout
    assert "Lifted the halt of" in chaos(resume).stdout


@pytest.mark.parametrize("command", [recover, halt, resume])
def test_help_has_an_example_and_the_statuses(command: Command) -> None:
    text = chaos(command, "--help").output
    assert "chaos " in text
    assert "Exit status:" in text


def test_other_commands_say_that_faults_are_left(local: LocalLedger, capsys: pytest.CaptureFixture[str]) -> None:
    offer_recovery()
    assert capsys.readouterr().err == ""
    local.leave()
    offer_recovery()
    assert "1 fault in the local ledger" in (said := capsys.readouterr().err)
    assert "chaos recover --dry-run" in said


def test_the_notice_never_fails_a_command(local: LocalLedger, capsys: pytest.CaptureFixture[str]) -> None:
    local.path.write_text("no database" * 100)
    offer_recovery()
    assert capsys.readouterr().err == ""
