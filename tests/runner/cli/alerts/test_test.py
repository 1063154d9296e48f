import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runner.cli.alerts.test import command
from runner.exit_codes import Exit
from runner.smoke.children import Children, Ended
from tests.runner.alerting.test_tried import journal

EXPERIMENTS = Path(__file__).parents[4] / "experiments"
WITH_ALERTS = str(EXPERIMENTS / "alerts" / "features-path-down.yaml")
WITHOUT_ALERTS = str(EXPERIMENTS / "serving" / "features-path-latency.yaml")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines of the runs that were started; each leaves a journal, and breaches."""
    seen: list[list[str]] = []

    def run(_self: Children, arguments: Sequence[str], _environment: Any, output: Path, *_: Any, **__: Any) -> Ended:
        seen.append(list(arguments))
        output.write_text("\x1b[32mit ran\n")
        path = Path(arguments[arguments.index("--journal-path") + 1])
        if "die=yes" not in arguments:
            journal(path.parent).replace(path)
        return Ended(1, 1.0, overdue=False)

    monkeypatch.setattr(Children, "run", run)
    return seen


def outcome_of(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def test_it_runs_the_experiment_and_tells_where_its_alert_was_lost(started: list[list[str]]) -> None:
    done = outcome_of(WITH_ALERTS, "--var", "path=other")
    assert done.exit_code == Exit.BREACHED, done.output
    assert "BREACHED" in done.stdout
    assert "Burn (page) to oncall: lost at firing" in done.stdout
    (arguments,) = started
    assert (arguments[0], arguments[-3:]) == ("run", ["--var", "path=other", WITH_ALERTS])


def test_machines_are_told_every_stage(started: list[list[str]]) -> None:
    document = json.loads(outcome_of(WITH_ALERTS, "--json").stdout)
    assert (document["verdict"], document["run_id"]) == ("breached", "r")
    assert document["alerts"]["timelines"][0]["lost_at"] == "firing"
    assert len(started) == 1


def test_the_journal_is_kept_where_that_is_asked(started: list[list[str]], tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    kept.write_text("of an older run")
    outcome_of(WITH_ALERTS, "--journal-path", str(kept))
    assert json.loads(kept.read_text())["mlchaos"]["run_id"] == "r"
    assert len(started) == 1


def test_a_run_that_leaves_no_verdict_needs_a_person_and_its_last_words_are_told(
    started: list[list[str]], tmp_path: Path
) -> None:
    kept = tmp_path / "kept.json"
    kept.write_text('{"mlchaos": {"verdict": "held"}}')
    done = outcome_of(WITH_ALERTS, "--var", "die=yes", "--journal-path", str(kept))
    assert done.exit_code == Exit.STUCK
    assert "it ran" in done.stderr
    assert "chaos recover" in done.stderr
    assert len(started) == 1


def test_an_experiment_that_expects_no_alert_is_refused_and_not_run(started: list[list[str]]) -> None:
    done = outcome_of(WITHOUT_ALERTS)
    assert done.exit_code == Exit.REFUSED
    assert "expects no alert" in done.stderr
    assert started == []


def test_a_file_that_does_not_check_out_is_refused_with_its_problems(started: list[list[str]], tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("title: nothing\n")
    done = outcome_of(str(file))
    assert done.exit_code == Exit.REFUSED
    assert str(file) in done.stderr
    assert started == []
