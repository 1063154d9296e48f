"""A run counts as dead only when its heartbeat does not change before our eyes, whatever the clocks say."""

from collections.abc import Callable

import pytest

from actions.ledger.record import Heartbeat
from actions.ledger.takeover import is_dead
from tests.actions.ledger.contract import Time
from tests.actions.ledger.records import NOW


def heartbeat(time: Time, *, skew: float, period: float | None) -> Callable[[], Heartbeat | None]:
    """Beats every `period` seconds (None: not any more) by a clock that is `skew` seconds ahead of ours."""

    def read() -> Heartbeat:
        beats = 0 if period is None else int((time.now() - NOW) / period)
        return Heartbeat("run-a", NOW + skew + beats * (period or 0), str(beats))

    return read


@pytest.mark.parametrize("skew", [0.0, 60.0, -60.0])
def test_a_run_that_beats_lives_whatever_its_clock_says(skew: float) -> None:
    time = Time()
    assert not is_dead(heartbeat(time, skew=skew, period=1.0), time.clock())
    assert time.now() - NOW <= 1.25


def test_a_run_that_is_silent_while_we_watch_is_dead() -> None:
    time = Time()
    assert is_dead(heartbeat(time, skew=-10.0, period=None), time.clock())
    assert 5 <= time.now() - NOW < 5.5


def test_a_heartbeat_that_looks_fresh_is_believed_at_once() -> None:
    time = Time()
    assert not is_dead(heartbeat(time, skew=-1.0, period=None), time.clock())
    assert time.now() == NOW


def test_a_run_without_a_heartbeat_is_dead() -> None:
    assert is_dead(lambda: None, Time().clock())


def test_a_heartbeat_that_is_taken_back_while_we_watch_is_a_dead_run_s() -> None:
    time = Time()
    assert is_dead(lambda: Heartbeat("run-a", 0.0, "1") if time.now() - NOW < 1 else None, time.clock())
    assert time.now() - NOW < 2
