import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runner.alerting.timeline import AlertPath
from runner.cli.alerts.coverage import command
from runner.exit_codes import Exit
from runner.store.opening import open_unfilled
from tests.clients.misbehaving import answering, body
from tests.runner.store.records import NOW, record, timeline


def rule(name: str, severity: str = "page") -> dict[str, Any]:
    labels = {"severity": severity, "slo": "llm-availability", "tier": "fast-page"}
    facts = {"type": "alerting", "name": name, "query": "x", "duration": 0, "labels": labels, "annotations": {}}
    return {**facts, "alerts": [], "health": "ok", "lastEvaluation": "2026-11-22T20:00:00.123456789Z"}


def answer(*names: str) -> str:
    groups = [{"name": "g", "interval": 5, "rules": [rule(name) for name in names]}]
    return json.dumps({"status": "success", "data": {"groups": groups}})


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One run that proved LlmBudgetBurn and lost TtftBudgetBurn, and one that wanted MutedBurn silenced; it was."""
    url = f"sqlite:///{tmp_path / 'results.db'}"
    muted = AlertPath((timeline("MutedBurn", muted_by="silence"),), (), "sink")
    with open_unfilled(url) as opened:
        opened.put(record(), NOW)
        opened.put(record("20261118T000000Z-bbbbbb", alerts=muted), NOW)
    monkeypatch.setenv("MLCHAOS_STORE", url)
    monkeypatch.setenv("MLCHAOS_STATE_DIR", str(tmp_path / "state"))


def coverage(answered: str, *arguments: str) -> Result:
    with answering(body(200, answered)) as url:
        return CliRunner().invoke(command, ["--prometheus", url, *arguments])


@pytest.mark.usefixtures("store")
def test_rules_are_held_against_what_runs_proved() -> None:
    done = coverage(answer("LlmBudgetBurn", "TtftBudgetBurn", "MutedBurn", "Untried"), "--json", "--check")
    assert done.exit_code == Exit.BREACHED, done.output
    states = {one["alert"]: one["state"] for one in json.loads(done.stdout)["alerts"]}
    assert states == {
        "LlmBudgetBurn": "proven",
        "TtftBudgetBurn": "never proven",
        "MutedBurn": "never tried",  # that it can be muted does not prove that it arrives
        "Untried": "never tried",
    }


@pytest.mark.usefixtures("store")
def test_a_check_passes_when_all_is_proven_and_not_when_that_was_too_long_ago() -> None:
    assert coverage(answer("LlmBudgetBurn"), "--check").exit_code == Exit.HELD
    assert coverage(answer("LlmBudgetBurn"), "--check", "--max-age", "1s").exit_code == Exit.BREACHED
    assert coverage(answer("LlmBudgetBurn"), "--max-age", "1s").exit_code == Exit.HELD
    assert coverage(answer("LlmBudgetBurn"), "--max-age", "soon").exit_code == Exit.REFUSED


@pytest.mark.usefixtures("store")
def test_no_such_rule_is_inconclusive_where_nothing_was_proven_either() -> None:
    done = coverage(answer(), "--severity", "ticket")
    assert done.exit_code == Exit.INCONCLUSIVE
    assert "no alerting rule with severity ticket" in done.stderr


@pytest.mark.usefixtures("store")
def test_a_prometheus_that_cannot_be_asked_is_inconclusive() -> None:
    assert coverage("no JSON").exit_code == Exit.INCONCLUSIVE
