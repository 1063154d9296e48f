"""`chaos smoke`, with a double of the `chaos` that it starts."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runner.cli.smoke import smoke
from tests.runner.smoke.chaos_double import ChaosDouble
from tests.runner.smoke.sets import ours

ROOT = Path(__file__).parents[3]
LLM_POD_KILL = ROOT / "experiments" / "serving" / "llm-pod-kill.yaml"


@pytest.fixture
def double(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChaosDouble:
    monkeypatch.setenv("MLCHAOS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    made = ChaosDouble(tmp_path / "double", monkeypatch)
    made.runs_end_with(ours(llm_availability=0.001))
    return made


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "smoke"
    made.mkdir()
    for name in ("10-first", "20-second"):
        (made / f"{name}.yaml").write_text(LLM_POD_KILL.read_text())
    return made


def run(*arguments: object) -> Result:
    return CliRunner().invoke(smoke, [str(one) for one in arguments])


def test_without_a_cluster_it_brings_a_lab_and_runs_all_in_it(double: ChaosDouble, directory: Path) -> None:
    done = run(directory)
    assert done.exit_code == 0, done.output
    assert [call.split(" --")[0] for call in double.calls] == [
        "lab down",
        "lab up",
        "lab env",
        "run",
        "run",
        "lab down",
    ]
    assert double.environments == ["/the/lab 2%", "/the/lab 2%"]
    assert done.stdout.splitlines()[-1].startswith("HELD: 2 of 2 experiments held in")
    assert "[1/2] smoke/10-first: One llm replica is killed under load (may spend 2%" in done.stderr


def test_the_exit_status_is_that_of_the_worst_verdict(double: ChaosDouble, directory: Path) -> None:
    double.runs_end_with(ours("breached"))
    done = run(directory)
    assert done.exit_code == 1
    assert done.stdout.splitlines()[-1].startswith("BREACHED: 0 of 2 experiments held")


def test_results_are_written_for_ci_and_journals_kept(double: ChaosDouble, directory: Path, tmp_path: Path) -> None:
    junit, markdown, kept = tmp_path / "smoke.xml", tmp_path / "summary.md", tmp_path / "kept"
    markdown.write_text("before\n")
    done = run(directory, "--junit", junit, "--markdown", markdown, "--artifacts", kept, "--json")
    assert done.exit_code == 0, done.output
    assert 'tests="2" failures="0" errors="0"' in junit.read_text()
    assert markdown.read_text().startswith("before\n## HELD: 2 of 2")
    assert {file.name for file in kept.iterdir()} >= {"01-10-first.json", "01-10-first.log", "02-20-second.json"}
    assert json.loads(done.stdout)["verdict"] == "held"


def test_a_result_that_could_not_be_written_is_found_out_before_anything_is_broken(
    double: ChaosDouble, directory: Path
) -> None:
    done = run(directory, "--junit", "/nowhere/smoke.xml")
    assert (done.exit_code, double.calls) == (2, [])
    assert "/nowhere/smoke.xml cannot be written: no such file or directory" in done.stderr


def test_what_is_wrong_with_a_set_is_said_and_nothing_is_started(double: ChaosDouble, directory: Path) -> None:
    (directory / "suite.yaml").write_text("title: x\nexperiment: []\n")
    done = run(directory, "--json")
    assert (done.exit_code, double.calls) == (2, [])
    assert "unknown key 'experiment'; write experiments" in done.stderr
    assert json.loads(done.stdout)["problems"][0]["remedy"] == "write experiments"


def test_a_dry_run_starts_nothing(double: ChaosDouble, directory: Path) -> None:
    done = run(directory, "--dry-run", "--max-spend", "1%")
    assert (done.exit_code, double.calls) == (0, [])
    assert "at most 1% of any SLO's error budget" in " ".join(done.stdout.split())
    assert json.loads(run(directory, "--dry-run", "--json").stdout)["place"] == "a lab of its own"


def test_options_that_are_none_are_refused(double: ChaosDouble, directory: Path) -> None:
    done = run(directory, "--within", "soon")
    assert (done.exit_code, double.calls) == (2, [])
    assert "--within: 'soon' is no duration; write it like 30s" in done.stderr


def test_a_lab_that_does_not_come_up_is_a_refusal(double: ChaosDouble, directory: Path) -> None:
    double.no_lab(2, "chaos lab: the program setpriv is not on PATH; install it")
    done = run(directory)
    assert done.exit_code == 2
    assert "there is no lab: chaos lab: the program setpriv is not on PATH; install it" in done.stderr


def test_a_cluster_that_cannot_be_read_is_refused_with_the_way_to_a_lab(
    double: ChaosDouble, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/nowhere/config")
    done = run(directory)
    assert (done.exit_code, double.calls) == (2, [])
    assert "--lab brings up a lab instead" in done.stderr


def test_a_cluster_that_is_named_can_be_left_alone(
    double: ChaosDouble, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/nowhere/config")
    assert run(directory, "--lab").exit_code == 0
    assert double.environments == ["/the/lab 2%", "/the/lab 2%"]


def test_a_stuck_fault_is_shown_to_a_person_and_what_the_run_printed(double: ChaosDouble, directory: Path) -> None:
    double.runs_end_with(ours("error", stuck=True))
    done = run(directory)
    assert done.exit_code == 5
    assert "STUCK: pods.kill on pod ml-serving/llm-0 (record r-1): no answer" in done.stderr
    assert "a person has to see to it: pods.kill on pod ml-serving/llm-0" in " ".join(done.stdout.split())
