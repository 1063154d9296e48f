"""`chaos plan` says what a run right after it would be told: halts, other runs, and the SLOs."""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from actions import fault
from actions.ledger.in_file import InFile
from actions.ledger.record import Halt
from clients.prometheus_alerts import RuleOfAlert
from runner.cli.plan import plan
from tests.actions.ledger.rigged import rigged_record
from tests.guard.slo_prometheus import SloScript, slo_prometheus
from tests.runner.experiment.malformed import GOOD
from tests.runner.plan.drafts import Take
from tests.runner.plan.drafts import experiment as drafted

LOCK = "workload:ml-serving/deployment/llm"


class Scene:
    """An experiment that is within its blast radius, a local ledger that may be there, and a Prometheus."""

    def __init__(self, directory: Path, script: SloScript) -> None:
        self.script = script
        self.ledger_path = directory / "ledger.sqlite"
        self.path = directory / "e.yaml"
        document = yaml.safe_load(GOOD)
        made = drafted({})
        document["method"] = made["method"]
        document["extensions"] = made["extensions"]
        document["extensions"][0]["admit"] = {"budget_left": "0%"}
        self.path.write_text(yaml.safe_dump(document))

    def run(self, *options: str) -> Result:
        return CliRunner().invoke(plan, [str(self.path), "--seed", "7", *options])

    def admission(self, status: int) -> Mapping[str, Any]:
        ended = self.run("--json")
        assert ended.exit_code == status, ended.output
        document = json.loads(ended.stdout)
        assert document["allowed"]
        found: Mapping[str, Any] = document["admission"]
        return found


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Scene]:
    monkeypatch.setenv("MLCHAOS_LEDGER", "local")
    monkeypatch.setenv("MLCHAOS_STATE_DIR", str(tmp_path))
    monkeypatch.setitem(fault._faults, "made_up.take", Take())
    script = SloScript()
    with slo_prometheus(script) as url:
        monkeypatch.setenv("PROMETHEUS_URL", url)
        yield Scene(tmp_path, script)


def test_what_would_be_admitted_is_allowed_and_no_ledger_is_made(scene: Scene) -> None:
    ended = scene.run()
    assert ended.exit_code == 0, ended.output
    assert "  would be admitted now\n" in ended.stdout
    assert "ALLOWED: within the blast radius" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "  (a run without MLCHAOS_PLAN draws its own targets)"
    assert scene.admission(0)["admitted"] is True
    assert not scene.ledger_path.exists()


def test_a_halt_refuses_and_stands_in_the_last_line(scene: Scene) -> None:
    ledger = InFile(scene.ledger_path)
    ledger.halt(Halt("incident 4711", "ann", 0.0))
    ledger.close()
    reason = "all runs are halted by ann since 1970-01-01 00:00:00 UTC (incident 4711); lift it with: chaos resume"
    found = scene.admission(2)
    assert (found["admitted"], found["reasons"]) == (False, [reason])
    text = scene.run().stdout
    assert "ALLOWED:" not in text
    assert " ".join(text.split()).endswith(f"NOT NOW: within the blast radius, but a run would be refused: {reason}")


def test_the_lock_of_a_living_run_refuses_and_stays(scene: Scene) -> None:
    ledger = InFile(scene.ledger_path)
    ledger.beat("run-b", time.time() + 60)
    ledger.lock(LOCK, "run-b")
    found = scene.admission(2)
    assert found["reasons"] == [f"{LOCK} is being worked on by run run-b, which lives; wait until it has ended"]
    assert ledger.locks() == {LOCK: "run-b"}
    ledger.close()


@pytest.mark.parametrize("left", [True, False])
def test_the_lock_of_a_dead_run_refuses_only_while_its_faults_are_left(scene: Scene, left: bool) -> None:
    ledger = InFile(scene.ledger_path)
    ledger.lock(LOCK, "run-b")
    if left:
        ledger.add(rigged_record(1, "run-b", state="active", expires_at=time.time() - 60))
    ledger.close()
    found = scene.admission(2 if left else 0)
    assert found["admitted"] is not left
    assert [reason.endswith("first: chaos recover --run run-b") for reason in found["reasons"]] == [True] * left


def test_a_ledger_that_cannot_be_used_refuses_with_the_remedy(scene: Scene) -> None:
    scene.ledger_path.write_text("no ledger, but long enough to be taken for a file of something else" * 20)
    (reason,) = scene.admission(2)["reasons"]
    assert reason.startswith("the local ledger ")
    assert reason.endswith("it is no ledger: move it away, after a look at what it is")


def test_burns_and_alerts_refuse(scene: Scene) -> None:
    scene.script.error_ratio = 0.5
    scene.script.firing = ["llm-availability"]
    burn, alert = scene.admission(2)["reasons"]
    assert burn.startswith("llm-availability burned its error budget at ")
    assert alert.startswith("alert Burning (llm-availability) is firing, and admit.quiet_alerts is true; wait until")


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ({"known": False}, "SLO llm-availability: none of its series has a sample now"),
        ({"recorded": False}, "the SLOs are unknown: SLO llm-availability: nothing is recorded of it"),
        ({"down": True}, "the SLOs are unknown: "),
    ],
)
def test_slos_that_are_unknown_leave_it_open(scene: Scene, states: Mapping[str, bool], said: str) -> None:
    for name, value in states.items():
        setattr(scene.script, name, value)
    found = scene.admission(4)
    assert found["admitted"] is None
    assert found["reasons"][0].startswith(said)


def test_no_prometheus_at_all_is_said_with_4(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_URL")
    ended = scene.run()
    assert ended.exit_code == 4
    assert "NOT KNOWN: within the blast radius" in ended.stdout
    assert "set PROMETHEUS_URL" in ended.stdout


def test_what_is_left_of_the_months_allowance_is_shown(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCHAOS_CHAOS_ALLOWANCE", "20%")
    ended = scene.run()
    assert ended.exit_code == 0, ended.output
    rows = [line.split() for line in ended.stdout.splitlines()]
    assert ["CHAOS", "THIS", "MONTH", "SPENT", "AT", "MOST", "ALLOWED"] in rows
    assert ["llm-availability", "0.00%", "2.00%", "20.00%", "ok"] in rows
    (month,) = scene.admission(0)["allowances"]
    assert (month["slo"], month["allowed"], month["spent"], month["exceeded"]) == ("llm-availability", 0.2, 0.0, False)


def test_an_allowance_that_the_run_might_exceed_refuses(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCHAOS_CHAOS_ALLOWANCE", "1%")
    found = scene.admission(2)
    assert found["admitted"] is False
    assert "this run may spend 2%, and 1% is allowed: lower error_budget.max_spend to 1%" in found["reasons"][0]
    assert "EXCEEDED" in scene.run().stdout


def test_a_store_that_cannot_be_asked_leaves_it_open(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCHAOS_CHAOS_ALLOWANCE", "20%")
    monkeypatch.setenv("MLCHAOS_STORE", "postgresql://me:hunter2@127.0.0.1:1/results")
    ended = scene.run()
    assert ended.exit_code == 4
    assert "what chaos runs have spent this month is not known" in ended.stdout.replace("\n    ", " ")
    assert "hunter2" not in ended.output


def test_without_an_allowance_the_store_is_not_asked_for_the_month(scene: Scene) -> None:
    assert "CHAOS THIS MONTH" not in scene.run().stdout
    assert scene.admission(0)["allowances"] == []


def test_expected_alerts_are_listed_and_one_that_no_rule_fires_is_a_warning(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = yaml.safe_load(scene.path.read_text())
    alert = {"alert": "LlmBrun", "severity": "page", "fires_within": "90s", "receiver": "ml-oncall"}
    document["extensions"][0]["alerts"] = [alert]
    scene.path.write_text(yaml.safe_dump(document))
    burn = RuleOfAlert("LlmBurn", "1", 0.0, {"severity": "page"}, {}, "g", 1.0, True, "", None, ())
    monkeypatch.setattr("runner.guarding.outlook.PrometheusAlerts.rules", lambda _: (burn,))
    ended = scene.run()
    assert ended.exit_code == 0, ended.output
    rows = [line.split() for line in ended.stdout.splitlines()]
    assert ["LlmBrun", "page", "ml-oncall", "in", "90s", "in", "6m", "-"] in rows
    assert "did you mean LlmBurn?" in " ".join(ended.stdout.split())
    told = json.loads(scene.run("--json").stdout)
    assert told["alerts"][0]["fires_within_seconds"] == 90
    assert [warning for warning in told["warnings"] if warning.startswith("expected alert LlmBrun")]
