"""The control's hooks, called as Chaos Toolkit calls them: whatever breaks in them, the run does not count as held."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chaoslib.exceptions import InterruptExecution
from chaoslib.types import Dry

from actions.fault import RefusedError
from actions.run_context import NoOpenRunError, current_run
from runner import guard
from runner.store.opening import open_store
from tests.runner.runs.journals import journal

EXPERIMENT: dict[str, Any] = {"title": "t"}


class Registry:
    """The part of Chaos Toolkit's event registry that a control sees."""

    def __init__(self) -> None:
        self.handlers: list[Any] = []

    def register(self, handler: Any) -> None:
        self.handlers.append(handler)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """The control, set up."""
    monkeypatch.setenv("MLCHAOS_STATE_DIR", str(tmp_path))
    made = Registry()
    guard.configure_control(made)
    yield made
    guard.configure_control(Registry())


def ended(**changes: Any) -> dict[str, Any]:
    return journal(status="interrupted", run=[], steady_states={}, **changes)


def test_a_control_that_was_not_set_up_ends_the_run(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_closers", [])
    with pytest.raises(InterruptExecution, match="was not set up"):
        guard.before_experiment_control(EXPERIMENT)


def test_an_experiment_that_does_not_check_out_is_refused_and_says_why(
    registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InterruptExecution, match="nothing was touched: "):
        guard.before_experiment_control(EXPERIMENT)
    assert current_run() is None
    state = ended()
    guard.after_experiment_control(EXPERIMENT, state)
    registry.handlers[0].finish(state)
    assert (state["status"], state["mlchaos"]["verdict"]) == ("interrupted", "refused")
    assert "REFUSED" in capsys.readouterr().out


def test_a_defect_in_the_guard_ends_the_run_instead_of_being_dropped(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(*_: Any) -> None:
        raise ZeroDivisionError("zero")

    monkeypatch.setattr("runner.guarding.opening.plan_run", defect)
    with pytest.raises(InterruptExecution, match="the guard failed: ZeroDivisionError: zero"):
        guard.before_experiment_control(EXPERIMENT)


@pytest.mark.parametrize("dry", [Dry.PROBES, Dry.PAUSE, "actions"])
def test_a_dry_run_that_would_still_run_actions_is_refused(registry: Registry, dry: object) -> None:
    """Chaos Toolkit knows its dry modes by their type: a plain string in the file leaves nothing out."""
    with pytest.raises(InterruptExecution, match="use --dry actions"):
        guard.before_experiment_control({**EXPERIMENT, "dry": dry})


def test_without_an_open_run_nothing_is_watched(registry: Registry) -> None:
    with pytest.raises(NoOpenRunError, match="no guard watches this run"):
        guard.watched()


def test_a_defect_in_the_last_hook_leaves_the_run_failed(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise RefusedError("no")

    def defect(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("runner.guarding.opening.plan_run", refuse)
    monkeypatch.setattr("runner.summarise.summarise", defect)
    with pytest.raises(InterruptExecution):
        guard.before_experiment_control(EXPERIMENT)
    state = journal()
    with pytest.raises(ZeroDivisionError):
        guard.after_experiment_control(EXPERIMENT, state)
    registry.handlers[0].finish(state)
    assert state["status"] == "failed"


def test_a_run_that_reaches_its_end_unjudged_is_failed(registry: Registry) -> None:
    state = journal()
    registry.handlers[0].finish(state)
    assert state["status"] == "failed"


def test_other_events_are_let_pass(registry: Registry) -> None:
    registry.handlers[0].start_activity({"name": "x"})
    registry.handlers[0].signal_exit()


def test_the_hooks_of_a_run_that_was_refused_are_quiet(registry: Registry) -> None:
    with pytest.raises(InterruptExecution):
        guard.before_experiment_control(EXPERIMENT)
    guard.before_method_control({})
    guard.before_activity_control({"name": "a rollback"})
    guard.after_activity_control({"name": "a rollback"}, {"status": "failed"})
    guard.after_method_control({})
    guard.before_rollback_control({})


def test_a_run_that_was_refused_is_in_the_store_with_the_reason(registry: Registry) -> None:
    with pytest.raises(InterruptExecution):
        guard.before_experiment_control(EXPERIMENT)
    state = ended()
    guard.after_experiment_control(EXPERIMENT, state)
    registry.handlers[0].finish(state)
    with open_store() as store:
        (run,) = store.runs()
    assert (run.title, run.verdict, run.faults) == ("t", "refused", 0)
    assert run.reason.startswith("nothing was touched: ")
