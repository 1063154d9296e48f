"""Faults need an open run: one at a time, and an experiment without one is ended."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from actions.run_context import NoOpenRunError, Run, close_run, current_run, open_run, require_run


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    close_run()
    yield
    close_run()


def test_without_an_open_run_a_fault_is_refused() -> None:
    with pytest.raises(NoOpenRunError, match=r"actions\.pods\.kill refuses: nothing watches this run"):
        require_run("actions.pods.kill")


def test_an_open_run_is_given_to_the_action() -> None:
    run = Run("r1")
    open_run(run)
    assert require_run("x") is run


def test_a_closed_run_takes_no_more_faults() -> None:
    open_run(Run("r1"))
    close_run()
    assert current_run() is None
    with pytest.raises(NoOpenRunError):
        require_run("x")


def test_a_second_run_in_the_same_process_is_refused() -> None:
    open_run(Run("r1"))
    with pytest.raises(RuntimeError, match="run r1 is still open"):
        open_run(Run("r2"))


def test_a_fault_is_noted_before_it_is_injected() -> None:
    run = Run("r1")
    fault = run.intend("pod-kill", {"name": "p"}, at=12.5)
    assert run.faults == [fault]
    assert fault.injected_at is None


def test_the_experiment_that_asks_without_a_run_is_interrupted() -> None:
    def leave(*_: Any) -> None:
        raise SystemExit(20)

    before = signal.signal(signal.SIGUSR1, leave)
    try:
        with pytest.raises(SystemExit):
            require_run("x")
    finally:
        signal.signal(signal.SIGUSR1, before)
