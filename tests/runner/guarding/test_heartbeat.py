"""A run that cannot say that it lives stops itself before others take it for dead."""

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actions.ledger.in_file import InFile
from actions.ledger.store import GivenUpError, TransientLedgerError
from runner.guarding import heartbeat
from runner.guarding.heartbeat import FENCE_SECONDS, Heartbeat, seconds_to_next
from runner.guarding.stops import Stop, StopKind
from tests.waiting import wait_for


@pytest.fixture
def ledger(memory_path: Path) -> Iterator[InFile]:
    opened = InFile(memory_path / "ledger.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The heartbeat's own clock, which a test moves."""
    made: Any = SimpleNamespace(now=100.0, time=time.time)
    made.monotonic = lambda: made.now
    monkeypatch.setattr(heartbeat, "time", made)
    return made


def ignored(_stop: Stop) -> None:
    """Nobody halts."""


def test_a_heartbeat_counts_from_before_it_was_sent(
    ledger: InFile, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat = ledger.beat

    def slow(run: str, at: float) -> None:
        beat(run, at)
        clock.now += 2 * FENCE_SECONDS  # the answer takes so long

    monkeypatch.setattr(ledger, "beat", slow)
    beating = Heartbeat(ledger, "run-a", ignored)
    beating.start()
    overdue = beating.overdue()
    beating.close()
    assert overdue is not None
    assert overdue.kind is StopKind.FENCED
    assert "has taken no heartbeat for 6.0 s" in overdue.reason


def test_a_heartbeat_is_good_until_the_fence(ledger: InFile, clock: Any) -> None:
    beating = Heartbeat(ledger, "run-a", ignored)
    beating._beat()
    clock.now += FENCE_SECONDS
    assert beating.overdue() is None
    clock.now += 0.01
    assert beating.overdue() is not None


@pytest.mark.parametrize(
    ("error", "said"),
    [(TransientLedgerError("locked"), ": locked"), (OSError("disk full"), "OSError: disk full")],
)
def test_what_keeps_the_ledger_from_beating_is_told(
    ledger: InFile, error: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr(heartbeat, "FENCE_SECONDS", 0.2)
    beating = Heartbeat(ledger, "run-a", ignored)
    beating.start()

    def fail(_run: str, _at: float) -> None:
        raise error

    monkeypatch.setattr(ledger, "beat", fail)

    def told() -> bool:
        overdue = beating.overdue()
        return overdue is not None and overdue.reason.endswith(said)

    wait_for(told, 10)
    beating.close()


def test_a_run_that_was_given_up_stops_at_once(ledger: InFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "HEARTBEAT_SECONDS", 0.01)
    beating = Heartbeat(ledger, "run-a", ignored)
    beating.start()

    def fail(_run: str, _at: float) -> None:
        raise GivenUpError("the reaper has ended this run")

    monkeypatch.setattr(ledger, "beat", fail)
    wait_for(lambda: beating.overdue() is not None, 10)
    overdue = beating.overdue()
    beating.close()
    assert overdue is not None
    assert (overdue.kind, overdue.reason) == (StopKind.FENCED, "the reaper has ended this run")


@pytest.mark.parametrize(("answered_after", "wait"), [(0.0, 1.0), (0.75, 0.25), (1.0, 0.0), (5.0, 0.0)])
def test_slow_answers_do_not_put_off_the_next_beat(answered_after: float, wait: float) -> None:
    assert seconds_to_next(100.0, 100.0 + answered_after) == wait
