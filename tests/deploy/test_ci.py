"""The CI jobs of deploy/ci: what they call is there, and what they keep is what was written."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.commands import chaos_commands, problem

ROOT = Path(__file__).parents[2]
CI = ROOT / "deploy" / "ci"
GITHUB: Mapping[Any, Any] = yaml.safe_load((CI / "github-workflow.yaml").read_text())
GITLAB: Mapping[str, Any] = yaml.safe_load((CI / "gitlab-ci.yaml").read_text())
TARGETS = set(re.findall(r"^([\w./$()-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

SCRIPTS = {
    **{
        f"github {name}": [step["run"] for step in job["steps"] if "run" in step]
        for name, job in GITHUB["jobs"].items()
    },
    **{
        f"gitlab {name}": [*job["script"], *job.get("after_script", ())]
        for name, job in GITLAB.items()
        if "script" in job
    },
}
SMOKES = {
    name: shlex.split(line.partition(" smoke ")[2])
    for name, lines in SCRIPTS.items()
    for line in lines
    if " smoke " in line
}


def test_there_is_a_job_in_a_lab_and_one_in_staging_for_both() -> None:
    assert set(SMOKES) == {"github lab", "github staging", "gitlab chaos-smoke-lab", "gitlab chaos-smoke-staging"}


@pytest.mark.parametrize("job", SCRIPTS)
def test_what_a_job_calls_is_there(job: str) -> None:
    wrong = [found for line in SCRIPTS[job] for command in chaos_commands(line) if (found := problem(command))]
    assert wrong == []
    made = [line.split()[1] for line in SCRIPTS[job] if line.startswith("make ")]
    assert made
    assert {target.replace(".venv", "$(VENV)") for target in made} <= TARGETS


@pytest.mark.parametrize("job", SMOKES)
def test_where_it_runs_is_said_and_not_left_to_the_environment(job: str) -> None:
    assert ("--lab" in SMOKES[job]) == job.endswith("lab")
    assert ("--cluster" in SMOKES[job]) == job.endswith("staging")


@pytest.mark.parametrize("job", SMOKES)
def test_what_is_written_is_kept_also_when_it_fails(job: str) -> None:
    written = {SMOKES[job][SMOKES[job].index(option) + 1] for option in ("--junit", "--artifacts")}
    where, name = job.split()
    if where == "github":
        step = next(step for step in GITHUB["jobs"][name]["steps"] if "upload-artifact" in step.get("uses", ""))
        kept = step["with"]["path"].split()
        assert step["if"] == "always()"
    else:
        artifacts = GITLAB[GITLAB[name]["extends"]]["artifacts"]
        kept = artifacts["paths"]
        assert (artifacts["when"], artifacts["reports"]["junit"]) == ("always", "smoke.xml")
    assert written <= {path.rstrip("/") for path in kept}


def test_two_jobs_are_never_in_staging_at_once_and_none_is_cut_off_by_the_next() -> None:
    assert GITHUB["jobs"]["staging"]["concurrency"] == {"group": "chaos-staging", "cancel-in-progress": False}
    job = GITLAB["chaos-smoke-staging"]
    assert (job["resource_group"], job["interruptible"]) == ("chaos-staging", False)


@pytest.mark.parametrize("job", ["github staging", "gitlab chaos-smoke-staging"])
def test_what_a_cancelled_job_has_left_in_staging_is_taken_out(job: str) -> None:
    assert "recover" in SCRIPTS[job][-1]


def test_the_time_of_a_job_is_more_than_that_of_its_set() -> None:
    within = SMOKES["github staging"][SMOKES["github staging"].index("--within") + 1]
    assert int(within.removesuffix("m")) < GITHUB["jobs"]["staging"]["timeout-minutes"]
    assert SMOKES["gitlab chaos-smoke-staging"][SMOKES["gitlab chaos-smoke-staging"].index("--within") + 1] == within
