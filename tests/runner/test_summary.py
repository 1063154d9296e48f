"""The control's hooks, called as Chaos Toolkit calls them: whatever breaks in them, the run does not count as held."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chaoslib.exceptions import InterruptExecution
from chaoslib.types import Dry

from actions.run_context import NoOpenRunError, close_run, current_run
from runner import summary
from runner.runs.chaos import RUNNING
from runner.runs.log import read_run_log
from tests.runner.runs.journals import activity, journal

HYPOTHESIS = {
    "probes": [
        {
            "name": "availability",
            "tolerance": {"type": "range", "target": "share", "range": [0.9, 1.0]},
            "provider": {
                "module": "probes.serving",
                "func": "availability",
                "arguments": {"prometheus_url": "http://127.0.0.1:1", "selector": "", "window_seconds": 5},
            },
        }
    ]
}
EXPERIMENT = {"title": "t", "steady-state-hypothesis": HYPOTHESIS}


class Registry:
    """The part of Chaos Toolkit's event registry that a control sees."""

    def __init__(self) -> None:
        self.handlers: list[Any] = []

    def register(self, handler: Any) -> None:
        self.handlers.append(handler)


@pytest.fixture
def registry() -> Iterator[Registry]:
    """The control, set up."""
    made = Registry()
    summary.configure_control(made)
    yield made
    close_run()


def held_run() -> dict[str, Any]:
    """A journal that holds; the one fault of the run is noted in its open run."""
    run = current_run()
    assert run is not None
    target = {
        "cluster": "https://c:6443 (context c)",
        "namespace": "ns",
        "name": "llm-1",
        "uid": "u",
        "node": "gpu-a",
        "owner": "ReplicaSet/llm",
    }
    run.intend("pod-kill", target, 1.0).injected_at = 1.0
    return journal()


def test_a_run_that_held_counts_as_completed(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    summary.before_experiment_control(EXPERIMENT)
    state = held_run()
    summary.after_experiment_control({"title": "t"}, state)
    registry.handlers[0].finish(state)
    assert (state["status"], state["deviated"], state["mlchaos"]["verdict"]) == ("completed", False, "held")
    assert "HELD" in capsys.readouterr().out


def test_a_defect_in_the_last_hook_leaves_the_run_failed(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(*_: Any) -> None:
        raise ZeroDivisionError

    summary.before_experiment_control(EXPERIMENT)
    state = held_run()
    monkeypatch.setattr(summary, "decide", defect)
    with pytest.raises(ZeroDivisionError):
        summary.after_experiment_control({"title": "t"}, state)
    registry.handlers[0].finish(state)
    assert state["status"] == "failed"


def test_a_run_that_reaches_its_end_unjudged_is_failed(registry: Registry) -> None:
    summary.before_experiment_control(EXPERIMENT)
    state = held_run()
    registry.handlers[0].finish(state)
    assert state["status"] == "failed"


def test_other_events_are_let_pass(registry: Registry) -> None:
    registry.handlers[0].start_activity({"name": "x"})


def test_the_run_is_closed_at_its_end(registry: Registry) -> None:
    summary.before_experiment_control(EXPERIMENT)
    assert summary.watched()
    registry.handlers[0].finish({"status": "completed"})
    with pytest.raises(NoOpenRunError, match="nothing watches this run"):
        summary.watched()


def test_a_control_that_was_not_set_up_ends_the_run(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "_closers", [])
    with pytest.raises(InterruptExecution, match="was not set up"):
        summary.before_experiment_control(EXPERIMENT)


@pytest.mark.parametrize(
    ("experiment", "said"),
    [
        ({"extensions": [{"name": "summary", "clients": {"metric": "m"}}]}, "clients: bad, selector must be given too"),
        (
            {"extensions": [{"name": "summary", "clients": {"metric": "m", "selector": "", "bad": {"a": "("}}}]},
            r"bad\.a: '\(' is no regular expression",
        ),
        ({"steady-state-hypothesis": {"probes": [activity("avail")]}}, "probe avail: prometheus_url and selector must"),
    ],
)
def test_what_cannot_be_summarised_is_told_before_the_run(
    registry: Registry, experiment: dict[str, Any], said: str
) -> None:
    with pytest.raises(InterruptExecution, match=said):
        summary.before_experiment_control(experiment)
    assert current_run() is None


@pytest.mark.parametrize(
    "hypothesis", [None, {"probes": []}, {"probes": [activity("watched", "runner.summary", "watched")]}]
)
def test_a_run_that_would_measure_nothing_is_refused(registry: Registry, hypothesis: dict[str, Any] | None) -> None:
    with pytest.raises(InterruptExecution, match="reads no SLI"):
        summary.before_experiment_control({"title": "t", "steady-state-hypothesis": hypothesis})
    assert current_run() is None


@pytest.mark.parametrize("dry", [Dry.PROBES, Dry.PAUSE, "actions"])
def test_a_dry_run_that_would_still_run_actions_is_refused(
    registry: Registry, capsys: pytest.CaptureFixture[str], dry: object
) -> None:
    """Chaos Toolkit knows its dry modes by their type: a plain string in the file leaves nothing out."""
    experiment = {**EXPERIMENT, "dry": dry}
    with pytest.raises(InterruptExecution, match="use --dry actions"):
        summary.before_experiment_control(experiment)
    assert current_run() is None
    state = journal(status="interrupted", experiment=experiment, run=[], steady_states={})
    summary.after_experiment_control(experiment, state)
    registry.handlers[0].finish(state)
    assert (state["status"], state["mlchaos"]["verdict"]) == ("interrupted", "refused")
    assert "breaks nothing, so" not in capsys.readouterr().out


@pytest.mark.parametrize("dry", [Dry.ACTIONS, Dry.ACTIVITIES])
def test_a_dry_run_that_runs_no_action_goes_on(registry: Registry, dry: Dry) -> None:
    summary.before_experiment_control({**EXPERIMENT, "dry": dry})
    run = current_run()
    assert run is not None
    assert run.dry


def test_after_a_failed_activity_the_method_ends(registry: Registry) -> None:
    summary.before_experiment_control(EXPERIMENT)
    summary.before_method_control({})
    summary.before_activity_control({"name": "kill"})
    summary.after_activity_control({"name": "kill"}, {"status": "failed"})
    with pytest.raises(InterruptExecution, match="kill failed, so heals is not run"):
        summary.before_activity_control({"name": "heals"})
    summary.after_method_control({})
    summary.before_activity_control({"name": "a rollback"})


@pytest.fixture
def run_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLCHAOS_STATE_DIR", str(tmp_path))
    return tmp_path / "runs.jsonl"


def test_the_run_log_tells_when_a_run_began_and_how_it_ended(registry: Registry, run_log: Path) -> None:
    summary.before_experiment_control(EXPERIMENT)
    (begun,) = read_run_log(run_log).runs
    assert (begun.title, begun.verdict) == ("t", RUNNING)
    state = held_run()
    summary.after_experiment_control({"title": "t"}, state)
    registry.handlers[0].finish(state)
    (ended,) = read_run_log(run_log).runs
    assert (ended.run_id, ended.verdict, ended.faults) == (begun.run_id, "held", 1)
    assert len(run_log.read_text().splitlines()) == 2


def test_a_run_that_was_not_judged_ends_as_an_error_in_the_run_log(registry: Registry, run_log: Path) -> None:
    summary.before_experiment_control(EXPERIMENT)
    registry.handlers[0].finish(held_run())
    assert read_run_log(run_log).runs[0].verdict == "error"


def test_a_run_log_that_cannot_be_written_costs_no_run(
    registry: Registry, run_log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run_log.mkdir()
    summary.before_experiment_control(EXPERIMENT)
    state = held_run()
    summary.after_experiment_control({"title": "t"}, state)
    registry.handlers[0].finish(state)
    assert state["mlchaos"]["verdict"] == "held"
    assert "The run log cannot be written" in caplog.text


def test_a_run_that_was_refused_before_it_opened_is_not_in_the_run_log(registry: Registry, run_log: Path) -> None:
    with pytest.raises(InterruptExecution):
        summary.before_experiment_control({**EXPERIMENT, "dry": Dry.PAUSE})
    registry.handlers[0].finish(journal(status="interrupted"))
    assert not run_log.exists()
