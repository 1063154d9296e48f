import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clients.prometheus_alerts import RuleOfAlert
from runner.cli.alerts.route import command
from runner.exit_codes import Exit

CONFIGURATION = """
route:
  receiver: tickets
  group_by: [alertname]
  routes: [{matchers: [severity="page"], receiver: oncall, mute_time_intervals: [nights]}]
inhibit_rules: [{source_matchers: [severity="page"], target_matchers: [severity="ticket"], equal: [slo]}]
receivers: [{name: tickets}, {name: oncall, webhook_configs: [{url: http://x}]}]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "alertmanager.yml"
    path.write_text(CONFIGURATION)
    return path


def route(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "--config", str(file)], env={"PROMETHEUS_URL": ""})


def test_it_says_who_is_notified_and_how(file: Path) -> None:
    done = route(file, "Burn", "severity=page")
    assert done.exit_code == Exit.HELD
    assert "reaches oncall" in done.stdout
    assert "by webhook" in done.stdout
    assert "nights" in done.stdout
    assert '{alertname="Burn"}' in done.stdout
    assert "Now" not in done.stdout  # nobody was asked


def test_machines_are_told_all_of_it(file: Path) -> None:
    document = json.loads(route(file, "severity=ticket", "slo=a", "--json").stdout)
    assert document["receivers"] == ["tickets"]
    assert document["routes"][0]["integrations"] == []
    assert document["inhibitions"][0]["equal"] == ["slo"]
    assert (document["muted_now"], document["as_asked"]) == (None, True)


@pytest.mark.parametrize(
    ("wanted", "status", "said"),
    [
        (["oncall"], Exit.HELD, ""),
        (["tickets"], Exit.BREACHED, "does not reach tickets and also reaches oncall"),
        (["oncall", "tickets"], Exit.BREACHED, "does not reach tickets"),
    ],
)
def test_the_receivers_that_are_asked_for_have_to_be_all(
    file: Path, wanted: list[str], status: Exit, said: str
) -> None:
    done = route(file, "severity=page", *(part for name in wanted for part in ("--receiver", name)))
    assert done.exit_code == status
    assert said in done.stdout.replace("\n", " ")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([], "give the labels"),
        (["severity=~page"], "is no label"),
        (["a=1", "a=2"], "given twice"),
        (["0a=1"], "no matcher"),
        (["Burn", "severity"], "'severity' is no LABEL=VALUE"),
    ],
)
def test_labels_that_are_none_are_bad_usage(file: Path, labels: list[str], said: str) -> None:
    done = route(file, *labels)
    assert done.exit_code == Exit.REFUSED
    assert said in done.stderr


def test_a_file_that_is_no_configuration_is_named(file: Path) -> None:
    file.write_text("groups: []")
    done = route(file, "severity=page")
    assert done.exit_code == Exit.REFUSED
    assert str(file) in done.stderr
    assert "no route" in done.stderr


def test_without_any_address_it_says_what_to_set() -> None:
    done = CliRunner().invoke(command, ["severity=page"], env={"ALERTMANAGER_URL": ""})
    assert done.exit_code == Exit.REFUSED
    assert "ALERTMANAGER_URL" in done.stderr


def test_an_alertmanager_that_does_not_answer_is_inconclusive() -> None:
    done = CliRunner().invoke(command, ["severity=page", "--alertmanager", "http://127.0.0.1:9", "--json"])
    assert done.exit_code == Exit.INCONCLUSIVE
    assert "error" in json.loads(done.stdout)


def test_without_prometheus_it_says_that_a_rule_adds_labels(file: Path) -> None:
    document = json.loads(route(file, "Burn", "--json").stdout)
    assert document["by_rule"] is None
    assert "taken as given" in document["notes"][0]
    away = route(file, "Burn", "--prometheus", "http://127.0.0.1:9")
    assert away.exit_code == Exit.HELD
    assert "taken as given" in away.stdout


def test_what_the_rule_makes_of_it_is_told_and_counts(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    burn = RuleOfAlert("Burn", "1", 0.0, {"severity": "page"}, {}, "g", 1.0, True, "", None, ())
    monkeypatch.setattr("clients.prometheus_alerts.PrometheusAlerts.rules", lambda _: (burn,))
    done = route(file, "Burn", "--prometheus", "http://127.0.0.1:9")
    assert "its rule also sets severity=page; with those: oncall" in done.stdout.replace("\n", " ")
    asked = route(file, "Burn", "--prometheus", "http://127.0.0.1:9", "--receiver", "tickets")
    assert asked.exit_code == Exit.BREACHED
    assert "reaches oncall with the labels of its rule" in asked.stdout.replace("\n", " ")
    assert "did you mean Burn?" in route(file, "Brun", "--prometheus", "http://127.0.0.1:9").stdout
