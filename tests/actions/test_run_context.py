"""Faults need an open run: one at a time, and an experiment without one is ended."""

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from actions.ledger.store import Ledger
from actions.run_context import NoOpenRunError, Run, StoppedError, close_run, current_run, open_run, require_run
from actions.systems import Systems


def made(name: str, expires_at: float | None = None) -> Run:
    """A run without plan and ledger, in which faults may go in."""
    expiry = time.time() + 60 if expires_at is None else expires_at
    return Run(name, (), cast("Ledger", None), cast("Systems", None), expiry)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    close_run()
    yield
    close_run()


def test_without_an_open_run_a_fault_is_refused() -> None:
    with pytest.raises(NoOpenRunError, match=r"actions\.pods\.kill refuses: no guard watches this run"):
        require_run("actions.pods.kill")


def test_an_open_run_is_given_to_the_action() -> None:
    run = made("r1")
    open_run(run)
    assert require_run("x") is run


def test_a_closed_run_takes_no_more_faults() -> None:
    open_run(made("r1"))
    close_run()
    assert current_run() is None
    with pytest.raises(NoOpenRunError):
        require_run("x")


def test_a_second_run_in_the_same_process_is_refused() -> None:
    open_run(made("r1"))
    with pytest.raises(RuntimeError, match="run r1 is still open"):
        open_run(made("r2"))


def test_nothing_goes_in_before_the_guard_lets_the_method_begin() -> None:
    with pytest.raises(StoppedError, match=r"blast_radius\.duration is over"), made("r1", expires_at=0.0).injection():
        pass


def test_nothing_goes_in_after_a_stop() -> None:
    run = made("r1")
    run.stop("enough")
    run.stop("something else")
    with pytest.raises(StoppedError, match="nothing more is injected: enough"), run.injection():
        pass


def test_nothing_goes_in_when_the_guard_has_gone() -> None:
    run = made("r1")
    run.unguarded = lambda: "the SLOs are not watched any more"
    with pytest.raises(StoppedError, match="not watched any more"), run.injection():
        pass


def test_an_injection_can_be_waited_for_and_is_known_by_its_thread() -> None:
    run = made("r1")
    with run.injection():
        assert run.is_injecting(threading.get_ident())
        with ThreadPoolExecutor(1) as other:
            assert not other.submit(run.wait_for_injection, 0.0).result()
    assert not run.is_injecting(threading.get_ident())
    assert run.wait_for_injection(0.0)


def test_the_experiment_that_asks_without_a_run_is_interrupted() -> None:
    def leave(*_: Any) -> None:
        raise SystemExit(20)

    before = signal.signal(signal.SIGUSR1, leave)
    try:
        with pytest.raises(SystemExit):
            require_run("x")
    finally:
        signal.signal(signal.SIGUSR1, before)
