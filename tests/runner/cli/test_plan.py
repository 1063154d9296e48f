import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from actions import fault
from actions.systems import Systems
from runner.cli.plan import plan
from runner.cli.plan_page import command, not_now, page
from runner.cli.slo.page import Page
from runner.plan.history import Past, nothing_past
from runner.plan.make import make_plan
from runner.plan.model import Admission
from tests.runner.experiment.malformed import GOOD
from tests.runner.plan.drafts import Take, experiment


@pytest.fixture(autouse=True)
def _made_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLCHAOS_LEDGER", "local")
    monkeypatch.setenv("MLCHAOS_STATE_DIR", str(tmp_path))
    monkeypatch.setitem(fault._faults, "made_up.take", Take())


GOOD_NOW = Admission((), (), ("the local ledger", "http://prometheus:9090"))


def shown(
    *actions: dict[str, object],
    width: int = 100,
    admission: Admission = GOOD_NOW,
    past: Past = nothing_past,
    **limits: object,
) -> str:
    made = make_plan(experiment(*actions, **limits), {}, {}, Systems(), 7, past)
    file = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        Page(file).print(*page(made, admission), *(not_now(admission) if made.allowed else ()))
    return file.getvalue()


def test_the_page_shows_targets_what_is_left_limits_budget_and_how_to_run_it() -> None:
    text = shown({"pods": ["llm-a", "llm-b", "llm-c"]})
    picked = text.partition("ml-serving/llm-")[2][0]
    assert (
        text
        == f"""\
Pods are taken
undone after 5m at the latest
ended when llm-availability burns at 14.4 or more over 1m

take 1  made_up.take, 1 target of 3 that match
  pod  ml-serving/llm-{picked}  node gpu-a
  undone by: the Deployment replaces them
  seen in: kubernetes-api

WORKLOAD                   READY  AFTER  LOST  GPUS
ml-serving/deployment/llm      3      2   33%

LIMIT                 USED  ALLOWED
pods                     1        1  ok
share of a workload  33.3%      34%  ok  deployment/llm

ERROR BUDGET      AT MOST  EXPECTED
llm-availability    2.00%         ?  no run yet

ADMISSION  asked: the local ledger, http://prometheus:9090
  would be admitted now

ALLOWED: within the blast radius, nothing has been touched. To run exactly this:
"""
    )


def test_what_speaks_against_it_stands_last_one_line_each() -> None:
    assert shown({"count": 2}).partition("REFUSED")[2] == (
        ": 2 violations, nothing has been touched\n"
        "  - pods: 2 of at most 1; hit less, or raise blast_radius.pods.max to 2\n"
        "  - share of a workload: deployment/llm: 66.7% of at most 34%; hit less, or raise\n"
        "    blast_radius.pods.percent to 67\n"
    )


def test_a_run_that_would_be_refused_now_is_not_allowed_and_the_last_line_says_why() -> None:
    text = shown({}, width=120, admission=Admission(("halted by ann",), ("no data",), ()))
    assert text.partition("ADMISSION")[2] == (
        "  nothing could be asked\n"
        "  - refused: halted by ann\n"
        "  - not known: no data\n"
        "\n"
        "Nothing has been touched. To run exactly this, once it is admitted:\n"
        "NOT NOW: within the blast radius, but a run would be refused: halted by ann; no data\n"
    )


def test_what_is_not_known_is_not_said_to_be_refused() -> None:
    last = shown({}, width=120, admission=Admission((), ("no data",), ())).splitlines()[-1]
    assert last == ("NOT KNOWN: within the blast radius, but it is not known whether a run would be admitted: no data")


def test_what_runs_cost_is_told_as_of_any_cluster() -> None:
    spent = {"llm-availability": 0.01}
    assert "1.00%  last 2 runs on any cluster: up to 1.00%" in shown({}, past=lambda _: [spent, spent])


def test_a_narrow_page_folds_within_its_width() -> None:
    assert max(len(line) for line in shown({"count": 2}, width=60).splitlines()) <= 60


def test_what_to_type_is_one_line_that_a_shell_takes() -> None:
    made = make_plan(experiment({}), {}, {}, Systems(), 7)
    assert command(made, "my file.yaml") == f"  MLCHAOS_PLAN=7-{made.digest} chaos run 'my file.yaml'"


def test_many_targets_are_counted_beyond_a_dozen() -> None:
    pods = [f"llm-{index:02}" for index in range(20)]
    text = shown({"pods": pods, "count": 20}, pods={"max": 20, "percent": 100})
    assert "and 8 more targets (--json names all)" in text


def test_names_from_a_cluster_do_not_steer_the_terminal() -> None:
    assert "\x1b" not in shown({"pods": ["llm-\x1b[2J"]})


def test_a_wrong_file_ends_with_2_and_every_problem_on_stderr(tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    path.write_text(GOOD.replace("duration: 5m", "duration: 5").replace("strategy: always", "strategy: never"))
    ended = CliRunner().invoke(plan, [str(path)])
    assert ended.exit_code == 2
    assert ended.stdout == ""
    assert "blast_radius.duration: 5 without a unit; write 5s" in ended.stderr
    assert "runtime.rollbacks.strategy: the strategy 'never'" in ended.stderr
    assert ended.stderr.splitlines()[-1].endswith("errors; nothing was touched")


def test_a_wrong_file_is_told_to_machines_too(tmp_path: Path) -> None:
    ended = CliRunner().invoke(plan, ["--json", str(tmp_path / "nowhere.yaml")])
    assert ended.exit_code == 2
    assert json.loads(ended.stdout)["problems"][0]["message"] == "cannot be read: no such file or directory"


def test_a_cluster_that_cannot_be_reached_is_inconclusive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nowhere"))
    path = tmp_path / "e.yaml"
    path.write_text(GOOD)
    ended = CliRunner().invoke(plan, [str(path)])
    assert ended.exit_code == 4
    assert "nothing could be planned: no cluster to reach" in ended.stderr
