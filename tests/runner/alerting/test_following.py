"""The thread that follows alerts, with eyes that see what a test shows them."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from clients.pages import Pages
from runner.alerting.following import AlertFollower
from runner.alerting.look import Afterwards, Crossing, Look, Prediction
from runner.alerting.looking import Eyes
from runner.alerting.stages import FaultTimes
from runner.alerting.timeline import AlertPath
from tests.runner.alerting.story import AWAY, EXPECTED, FAULT, active, look, page, received
from tests.waiting import wait_for


class ShownEyes:
    """Sees `shown`."""

    evidence = "sink"

    def __init__(self, shown: Look) -> None:
        self.shown = shown
        self.closed = False

    def look(self, at: float, pages_since: float) -> Look:
        return replace(self.shown, at=at)

    def close(self) -> None:
        self.closed = True


def follower(eyes: ShownEyes, note: Callable[[AlertPath], None] = lambda _: None, within: float = 10) -> AlertFollower:
    expected = replace(EXPECTED, fires_within=1e12, notified_within=within)
    return AlertFollower((expected,), True, cast("Eyes", eyes), lambda _: None, note)


FIRING = replace(look(5), active=(active(3),))
TIMES = FaultTimes(FAULT - 0.5, FAULT)


def test_an_alert_that_fires_already_is_told() -> None:
    assert follower(ShownEyes(FIRING)).firing_already() == ("Burn (page)",)
    assert follower(ShownEyes(look(1))).firing_already() == ()


def test_a_fault_is_held_until_its_alert_was_notified_and_each_stage_is_noted() -> None:
    noted: list[AlertPath] = []
    eyes = ShownEyes(look(1))
    following = follower(eyes, noted.append)
    following.start()
    holding = threading.Thread(target=following.hold, args=(TIMES, 1e13, lambda seconds: threading.Event().wait(0.02)))
    holding.start()
    assert holding.is_alive()
    eyes.shown = replace(FIRING, pages=Pages((page(1, 4),), 0))
    wait_for(lambda: not holding.is_alive())
    wait_for(lambda: any(path.timelines[0].at("notified") for path in noted))
    following.conclude(None)
    assert eyes.closed


def test_a_run_that_is_stopped_holds_nothing() -> None:
    follower(ShownEyes(look(1))).hold(TIMES, 1e12, lambda _: True)


def test_the_end_of_what_may_be_held_ends_it() -> None:
    follower(ShownEyes(look(1))).hold(TIMES, FAULT, lambda _: False)


def test_without_a_fault_nothing_is_judged() -> None:
    path = follower(ShownEyes(look(1))).conclude(None)
    assert path == AlertPath(evidence="sink", strays_forbidden=True)


def test_what_fails_at_the_end_leaves_nothing_proven() -> None:
    eyes = ShownEyes(look(1))
    path = follower(eyes).conclude(TIMES)  # such eyes have no Prometheus to ask afterwards
    assert path.timelines == ()
    assert path.strays_unknown
    assert eyes.closed


class SlowEyes(ShownEyes):
    """Whoever is asked does not answer until it is let go."""

    def __init__(self, shown: Look) -> None:
        super().__init__(shown)
        self.asked = threading.Event()
        self.answer = threading.Event()

    def look(self, at: float, pages_since: float) -> Look:
        self.asked.set()
        assert self.answer.wait(60)
        return super().look(at, pages_since)


def test_a_fault_that_must_come_out_does_not_wait_for_a_slow_answer() -> None:
    eyes = SlowEyes(look(1))
    following = follower(eyes)
    following.start()
    assert eyes.asked.wait(60)
    holding = threading.Thread(target=following.hold, args=(TIMES, FAULT, lambda _: True), daemon=True)
    holding.start()
    holding.join(20)
    held = holding.is_alive()
    eyes.answer.set()
    following.conclude(None)
    assert not held


def test_a_look_that_does_not_end_is_not_waited_for_and_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.alerting.following.JOIN_SECONDS", 0.01)
    eyes = SlowEyes(look(1))
    following = follower(eyes)
    following.start()
    assert eyes.asked.wait(60)
    path = following.conclude(TIMES)
    eyes.answer.set()
    assert (path.timelines, path.strays) == ((), ())
    assert path.strays_unknown


WAITING_PAGE = received(3, {"alertname": "Other", "severity": "page"})
RECOVERED = replace(TIMES, recovered_at=FAULT)


def test_a_page_that_nobody_expected_and_that_is_on_its_way_is_waited_for() -> None:
    eyes = ShownEyes(replace(look(1), received=(WAITING_PAGE,)))
    following = follower(eyes, within=1e12)
    following.start()
    wait_for(lambda: bool(following.firing_already() == ()))
    waited = threading.Event()

    def wait(_: float) -> bool:
        if waited.is_set():
            eyes.shown = look(1)
        waited.set()
        threading.Event().wait(0.02)
        return False

    following.wait_for_end(RECOVERED, wait)
    assert waited.is_set()
    following.conclude(None)


def test_a_page_that_is_still_on_its_way_at_the_end_leaves_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    unasked = Afterwards(AWAY, AWAY, Crossing(None), Prediction(None))
    monkeypatch.setattr("runner.alerting.following.ask_afterwards", lambda *_: unasked)
    path = follower(ShownEyes(replace(look(1), received=(WAITING_PAGE,)))).conclude(TIMES)
    assert path.strays == ()
    assert path.strays_unknown == "Other is on its way to ml-oncall, and was not notified yet"
