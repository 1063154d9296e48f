import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runner.cli.slo.test_rules import command
from runner.exit_codes import Exit
from runner.slo.rule_tests import PROMTOOL_VARIABLE
from tests.slos.rules.promtool import needs_promtool

SLO = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: gateway}
spec:
  service: gateway
  indicator:
    metadata: {name: errors}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: prometheus, spec: {query: 'r_total{code=~"5.."}'}}}
        total: {metricSource: {type: prometheus, spec: {query: r_total}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
"""
PASSES = (
    """for file in "$@"; do case $file in *.yml) echo "Unit Testing:  $file"; echo '  SUCCESS'; echo;; esac; done"""
)
FAILS = """for file in "$@"; do case $file in *.yml) echo "Unit Testing:  $file"
case $file in */slow-burn.test.yml) echo '  FAILED:'; echo '    got: nothing';; *) echo '  SUCCESS';; esac; echo;; esac
done; exit 1"""


@pytest.fixture
def slos(tmp_path: Path) -> Path:
    path = tmp_path / "slo.yaml"
    path.write_text(SLO)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def a_promtool(directory: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    path = directory / "promtool"
    path.write_text(f"#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'promtool, version 9.9'; exit; fi\n{text}\n")
    path.chmod(0o755)
    monkeypatch.setenv(PROMTOOL_VARIABLE, str(path))


@pytest.fixture
def no_promtool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PROMTOOL_VARIABLE, raising=False)
    monkeypatch.setattr("runner.slo.rule_tests.shutil.which", lambda *_, **__: None)


def test_what_passes_is_said_in_a_line(slos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_promtool(tmp_path, monkeypatch, PASSES)
    result = run(slos)
    assert result.exit_code == Exit.HELD
    assert "of 1 SLO passed with promtool 9.9" in result.stdout
    assert result.stderr == ""


def test_what_fails_is_named_by_slo_and_scenario(slos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_promtool(tmp_path, monkeypatch, FAILS)
    result = run(slos)
    assert result.exit_code == Exit.BREACHED
    assert "FAILED: gateway: slow-burn" in result.stderr
    assert "got: nothing" in result.stderr


def test_json_says_how_every_scenario_went(slos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_promtool(tmp_path, monkeypatch, FAILS)
    document = json.loads(run(slos, "--json").stdout)
    (slo,) = document["slos"]
    went = {scenario["name"]: scenario["passed"] for scenario in slo["scenarios"]}
    assert document["promtool"] == "9.9"
    assert [name for name, passed in went.items() if not passed] == ["slow-burn"]
    assert {"healthy", "fast-burn", "no-traffic", "counter-reset", "absent", "never-seen", "whole-window"} <= set(went)


@pytest.mark.usefixtures("no_promtool")
def test_without_promtool_nothing_is_proven(slos: Path) -> None:
    result = run(slos)
    assert result.exit_code == Exit.INCONCLUSIVE
    assert "NOTHING WAS TESTED: promtool is not on this machine" in result.stderr
    assert "apt-get install prometheus" in result.stderr


@pytest.mark.usefixtures("no_promtool")
def test_without_promtool_the_files_are_written_all_the_same(slos: Path, tmp_path: Path) -> None:
    result = run(slos, "--out", tmp_path / "out")
    assert result.exit_code == Exit.INCONCLUSIVE
    assert (tmp_path / "out" / "gateway" / "rules.yml").exists()
    assert (tmp_path / "out" / "gateway" / "fast-burn.test.yml").exists()
    assert "NOTHING WAS TESTED" in result.stderr


def test_a_promtool_that_breaks_proves_nothing(slos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_promtool(tmp_path, monkeypatch, "kill -9 $$")
    result = run(slos)
    assert result.exit_code == Exit.INCONCLUSIVE
    assert "NOTHING WAS PROVEN" in result.stderr


def test_an_slo_without_input_is_named_and_not_passed(
    slos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_promtool(tmp_path, monkeypatch, PASSES)
    slos.write_text(SLO.replace("query: r_total}", "query: 'sum(count_over_time(r_total[{{.window}}]))'}"))
    result = run(slos)
    assert result.exit_code == Exit.INCONCLUSIVE
    assert "NOT TESTED: gateway: count_over_time() is not understood" in result.stderr
    assert "1 SLO not tested" in result.stdout


def test_a_time_scale_that_no_sample_fits_is_refused(slos: Path) -> None:
    result = run(slos, "--time-scale", 7)
    assert result.exit_code == Exit.REFUSED
    assert "cannot be tested at the time scale 7" in result.stderr


@pytest.mark.usefixtures("no_promtool")
def test_a_directory_that_cannot_be_written_to_is_named(slos: Path) -> None:
    result = run(slos, "--out", "/proc/nowhere")
    assert result.exit_code == Exit.REFUSED
    assert "cannot write to /proc/nowhere" in result.stderr


@pytest.mark.lab
@needs_promtool
def test_the_real_promtool_passes_our_rules(slos: Path) -> None:
    result = run(slos)
    assert result.exit_code == Exit.HELD, result.stderr
