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
from tests.runner.runs.spooled_runs import spool_run


@pytest.fixture
def world() -> World:
    return fresh_world()


@pytest.fixture
def local(memory_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> LocalLedger:
    monkeypatch.setenv("MLCHAOS_STATE_DIR", str(memory_path))
    monkeypatch.setenv("MLCHAOS_LEDGER", "local")
    return LocalLedger(memory_path, world)


@pytest.fixture
def no_cluster(local: LocalLedger, monkeypatch: pytest.MonkeyPatch) -> LocalLedger:
    """A machine on which nobody has said where the ledger is."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "MLCHAOS_LEDGER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(local.path.parent))
    return local


def chaos(command: Command, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def test_expired_faults_come_out(local: LocalLedger, world: World) -> None:
    local.leave(1)
    local.leave(2)
    result = chaos(recover, "--all", "--no-wait")
    assert result.exit_code == 0, result.output
    assert world.broken == set()
    assert result.stdout.count("undone   rigged.break_it on pod ml-serving/llm-") == 2
    assert "\n  run run-a, begun 2026-" in result.stdout
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
    assert result.stdout == "UNKNOWN: the local ledger could not be asked, so there may be faults there\n"


def test_nothing_to_recover_is_a_success(local: LocalLedger) -> None:
    result = chaos(recover)
    assert result.exit_code == 0
    assert result.stdout.startswith("Nothing to recover: there is no ledger on this machine")
    assert not local.path.exists()


def test_no_ledger_to_ask_is_status_4(no_cluster: LocalLedger) -> None:
    result = chaos(recover)
    assert result.exit_code == 4
    assert result.stdout == (
        "NO LEDGER ASKED: no cluster is named (KUBECONFIG is not set) and there is no ledger on this machine, so there "
        'may be faults. Set KUBECONFIG (in the lab: eval "$(chaos lab env)"), or MLCHAOS_LEDGER=local\n'
    )
    (problem,) = json.loads(chaos(recover, "--json").stdout)["problems"]
    assert problem == result.stdout.strip()


def test_a_local_ledger_alone_does_not_speak_for_a_cluster(no_cluster: LocalLedger) -> None:
    no_cluster.make()
    result = chaos(recover)
    assert result.exit_code == 0
    assert result.stdout == (
        f"Nothing to recover in the local ledger {no_cluster.path}\nNo cluster was asked (KUBECONFIG is not set): "
        "faults there are not known here\n"
    )


def test_a_cluster_that_cannot_be_asked_is_unknown(no_cluster: LocalLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    no_cluster.make()
    monkeypatch.setenv("KUBECONFIG", str(no_cluster.path.parent / "no-such-kubeconfig"))
    result = chaos(recover)
    assert result.exit_code == 4
    assert result.stdout == "UNKNOWN: the cluster's ledger could not be asked, so there may be faults there\n"
    assert json.loads(chaos(recover, "--json").stdout)["unread"] == ["the cluster's ledger"]


def test_a_run_that_is_not_in_the_ledger_is_no_quiet_success(local: LocalLedger) -> None:
    assert "no run 'run-x' has faults in the ledger; there are: none" in chaos(recover, "--run", "run-x").stderr
    local.leave(run="run-a")
    result = chaos(recover, "--run", "run-x")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no run 'run-x' has faults in the ledger; there are: run-a" in result.stderr


def test_a_run_of_the_store_may_have_no_faults(local: LocalLedger) -> None:
    local.make()
    spool_run("run-x", "a run", 1_795_365_480.0)
    result = chaos(recover, "--run", "run-x")
    assert (result.exit_code, result.stdout) == (0, f"Run run-x has no faults in the local ledger {local.path}\n")


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
    assert "halted already by " in again.stdout
    assert f"Would halt the local ledger {local.path}: no runs, no faults\n" in again.stdout
    assert ": incident 4711" in again.stdout
    lifted = chaos(resume, "--json")
    assert json.loads(lifted.stdout)["lifted"][0]["why"] == "incident 4711"
    assert chaos(resume).stdout == "Nothing was halted: runs are allowed\n"


def test_halt_names_the_faults_that_stay_in(local: LocalLedger) -> None:
    local.leave()
    result = chaos(halt, "--why", "incident 4711", "--wait", "0")
    assert result.exit_code == 5
    assert "1 fault is still in:\n  active   rigged.break_it on pod ml-serving/llm-1, run run-a" in result.stdout


def test_halt_needs_a_reason(local: LocalLedger) -> None:
    result = chaos(halt, "--why", " ")
    assert result.exit_code == 2
    assert "--why is empty" in result.stderr
    assert not local.path.exists()


def test_a_dry_resume_lifts_nothing(local: LocalLedger) -> None:
    chaos(halt, "--why", "a freeze")
    assert "Would lift the halt by" in chaos(resume, "--dry-run").stdout
    assert "Lifted the halt by" in chaos(resume).stdout


def test_a_halt_without_a_cluster_says_whom_it_does_not_stop(no_cluster: LocalLedger) -> None:
    would = chaos(halt, "--why", "incident 4711", "--dry-run")
    assert (would.exit_code, would.stdout.partition(".")[0]) == (4, "WOULD HALT ONLY THIS MACHINE")
    result = chaos(halt, "--why", "incident 4711")
    assert result.exit_code == 4
    assert result.stdout.startswith(
        "HALTED ONLY THIS MACHINE. No cluster was asked (KUBECONFIG is not set): runs there go on\n"
    )
    assert json.loads(chaos(halt, "--why", "more", "--json").stdout)["cluster_named"] is False


def test_a_resume_without_a_cluster_says_what_it_does_not_lift(no_cluster: LocalLedger) -> None:
    chaos(halt, "--why", "incident 4711")
    lifted, again = chaos(resume), chaos(resume)
    assert (lifted.exit_code, again.exit_code) == (4, 4)
    assert lifted.stdout.startswith("Lifted the halt on this machine by ")
    assert again.stdout == (
        "Nothing was halted on this machine: runs are allowed here\n"
        "No cluster was asked (KUBECONFIG is not set): a halt there stays\n"
    )


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
