"""For how long a run waits for its alerts."""

from dataclasses import replace

from clients.pages import Pages
from runner.alerting.sightings import Sightings
from runner.alerting.stages import FaultTimes
from runner.alerting.waiting import quiet_until, wanted_until
from tests.runner.alerting.story import EXPECTED, FAULT, Story, active, look, page

IN = FaultTimes(FAULT - 0.5, FAULT)
OUT = replace(IN, held_until=FAULT + 20, recovered_at=FAULT + 30)


def seen(*looks: object) -> Sightings:
    sightings = Sightings((EXPECTED,))
    for one in (look(-1), *looks):
        sightings.take(one)  # type: ignore[arg-type]
    return sightings


FIRES = replace(look(5), active=(active(3),))
TOLD = replace(FIRES, at=FAULT + 6, pages=Pages((page(1, 5.5),), 0))


def test_a_fault_stays_in_until_its_alert_may_not_fire_any_more() -> None:
    assert wanted_until(EXPECTED, seen(), IN) == FAULT + 30


def test_an_alert_that_fires_is_waited_for_until_it_may_not_be_told_any_more() -> None:
    assert wanted_until(EXPECTED, seen(FIRES), IN) == FAULT + 15


def test_an_alert_that_was_told_is_not_waited_for() -> None:
    assert wanted_until(EXPECTED, seen(FIRES, TOLD), IN) is None


def test_an_alert_that_is_to_be_muted_is_waited_for_to_the_end() -> None:
    assert wanted_until(replace(EXPECTED, muted_by="silence"), seen(FIRES, TOLD), IN) == FAULT + 15


def test_an_alert_that_was_there_before_is_not_waited_for() -> None:
    assert wanted_until(EXPECTED, seen(replace(look(1), active=(active(-9),))), IN) is None


def test_the_end_of_an_alert_is_waited_for_and_then_its_notification() -> None:
    assert quiet_until(EXPECTED, seen(FIRES, TOLD), OUT) == FAULT + 90
    over = look(40)
    assert quiet_until(EXPECTED, seen(FIRES, TOLD, over), OUT) == FAULT + 50
    told = replace(over, at=FAULT + 42, pages=Pages((page(2, 41, "resolved"),), 0))
    assert quiet_until(EXPECTED, seen(FIRES, TOLD, over, told), OUT) is None


def test_an_end_that_nobody_asked_for_is_not_waited_for() -> None:
    assert quiet_until(replace(EXPECTED, resolves_within=None), seen(FIRES, TOLD), OUT) is None
    assert quiet_until(EXPECTED, seen(), OUT) is None


def test_the_story_of_the_tests_is_over() -> None:
    story = Story()
    assert quiet_until(EXPECTED, story.sightings(), story.times) is None
