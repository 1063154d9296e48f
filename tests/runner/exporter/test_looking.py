from collections.abc import Sequence

import pytest

from runner.exporter.looking import LATE_SECONDS, Looking
from runner.exporter.metrics import HALTED
from runner.exporter.values import Value
from tests.runner.exporter.scrape import series
from tests.waiting import wait_for


class Source:
    """A source that takes its time, and may fail."""

    def __init__(self) -> None:
        self.now = 0.0
        self.takes = 0.0
        self.problem: Exception | None = None
        self.meanwhile: dict[str, float] | None = None
        self.looking = Looking("store", self.look, 5.0, monotonic=lambda: self.now)

    def look(self) -> Sequence[Value]:
        self.now += self.takes
        self.meanwhile = self.served()
        if self.problem is not None:
            raise self.problem
        return (Value(HALTED, 1.0),)

    def served(self) -> dict[str, float]:
        return series(self.looking.values())


def test_before_the_first_look_nothing_says_whether_the_source_is_up() -> None:
    assert Source().served() == {'mlchaos_source_failures_total{source="store"}': 0}


def test_a_first_look_that_fails_or_takes_too_long_says_that_the_source_is_not_up() -> None:
    source = Source()
    source.takes, source.problem = LATE_SECONDS + 1, OSError("away")
    source.looking.tick()
    assert source.meanwhile is not None
    assert source.meanwhile['mlchaos_source_up{source="store"}'] == 0
    assert source.served()['mlchaos_source_up{source="store"}'] == 0


def test_what_was_seen_is_served_with_how_long_it_took() -> None:
    source = Source()
    source.takes = 0.25
    source.looking.tick()
    found = source.served()
    assert found["mlchaos_halted"] == 1
    assert found['mlchaos_source_up{source="store"}'] == 1
    assert found['mlchaos_source_look_seconds{source="store"}'] == 0.25


def test_what_a_source_that_fails_has_said_before_is_not_served_any_more() -> None:
    source = Source()
    source.looking.tick()
    looked = source.served()['mlchaos_source_looked_timestamp_seconds{source="store"}']
    source.problem = OSError("away")
    source.looking.tick()
    found = source.served()
    assert "mlchaos_halted" not in found
    assert found['mlchaos_source_up{source="store"}'] == 0
    assert found['mlchaos_source_failures_total{source="store"}'] == 1
    assert found['mlchaos_source_looked_timestamp_seconds{source="store"}'] == looked
    source.problem = None
    source.looking.tick()
    assert source.served()["mlchaos_halted"] == 1


def test_a_look_that_takes_too_long_fails_while_it_lasts_and_once() -> None:
    source = Source()
    source.looking.tick()
    source.takes = LATE_SECONDS + 1
    source.problem = OSError("at last")
    source.looking.tick()
    assert source.meanwhile is not None
    assert source.meanwhile['mlchaos_source_up{source="store"}'] == 0
    assert "mlchaos_halted" not in source.meanwhile
    assert source.served()['mlchaos_source_failures_total{source="store"}'] == 1


@pytest.mark.parametrize(("takes", "pause"), [(0.1, 5.0), (1.0, 20.0), (20.0, 50.0)])
def test_a_source_that_is_slow_is_asked_more_rarely_within_bounds(takes: float, pause: float) -> None:
    source = Source()
    source.looking.tick()
    source.takes = takes
    assert source.looking.tick() == pytest.approx(pause)


def test_how_long_the_first_look_takes_delays_nothing() -> None:
    source = Source()
    source.takes = 20.0
    assert source.looking.tick() == 5.0


def test_a_problem_is_logged_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "chaostoolkit")
    source = Source()
    source.problem = OSError("away")
    source.looking.tick()
    source.looking.tick()
    source.problem = None
    source.looking.tick()
    source.looking.tick()
    assert caplog.messages == ["The store cannot be read: away", "The store can be read again"]


def test_it_looks_in_its_own_thread_until_it_is_stopped() -> None:
    closed: list[bool] = []
    looking = Looking("store", lambda: (Value(HALTED, 1.0),), 0.01, lambda: closed.append(True))
    looking.start()
    assert looking.wait_for_first(40)
    assert series(looking.values())["mlchaos_halted"] == 1
    looking.stop(40)
    wait_for(lambda: closed)
