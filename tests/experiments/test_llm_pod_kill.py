"""The file of the main experiment, checked by Chaos Toolkit and against the house's rules; nothing is reached."""

import subprocess
import sys
from pathlib import Path

from tests.experiments.chaos import CHAOS, LLM_POD_KILL, load


def test_chaos_validate_accepts_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(CHAOS), "--no-version-check", "--no-log-file", "validate", str(LLM_POD_KILL)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "syntax and semantic look valid" in done.stderr


def test_checking_it_costs_no_kubernetes_client() -> None:
    """The client takes half a second to import, which belongs to the runs that reach a cluster."""
    code = "import actions.pods, probes.kube, probes.serving, runner.guard, sys; sys.exit('kubernetes' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_rollbacks_run_whatever_happens() -> None:
    assert load()["runtime"]["rollbacks"]["strategy"] == "always"


def test_the_workload_is_looked_at_before_anything_else_is() -> None:
    second = load()["steady-state-hypothesis"]["probes"][1]
    assert (second["provider"]["module"], second["provider"]["func"]) == ("probes.kube", "whole")
    assert second["tolerance"] is True


def test_a_run_without_its_control_cannot_pass_the_gate() -> None:
    first = load()["steady-state-hypothesis"]["probes"][0]
    assert (first["provider"]["module"], first["provider"]["func"]) == ("runner.guard", "watched")


def test_places_are_a_matter_of_the_environment() -> None:
    assert all(value["type"] == "env" for value in load()["configuration"].values())


def test_the_blast_radius_is_written_in_the_file_and_not_taken_from_the_environment() -> None:
    block = next(one for one in load()["extensions"] if one["name"] == "guard")
    assert block["blast_radius"] == {
        "namespaces": ["ml-serving"],
        "pods": {"max": 1, "percent": 34},
        "gpus": {"max": 1},
        "gpu_hours": {"max": 0.05},
        "error_budget": {"max_spend": "2%"},
        "duration": "3m",
    }
