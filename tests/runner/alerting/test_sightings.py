"""What looks come to, put together."""

from dataclasses import replace

from clients.pages import Pages
from runner.alerting.look import Unseen
from runner.alerting.sightings import Sightings
from runner.alerting.strays import strays, why_unknown
from tests.runner.alerting.story import (
    AWAY,
    EXPECTED,
    FAULT,
    LABELS,
    NOBODY,
    Story,
    active,
    counts,
    look,
    page,
    received,
)

OTHER = {"alertname": "Other", "severity": "page"}


def test_a_page_that_is_given_again_is_one() -> None:
    assert [one.id for one in Story().sightings().pages] == [1, 2]


def test_an_alert_that_comes_again_goes_on() -> None:
    seen = Sightings((EXPECTED,))
    for at, alerts in ((1, (active(1, "pending"),)), (2, (active(1),)), (3, ()), (4, (active(4),)), (5, ())):
        seen.take(replace(look(at), active=alerts))
    (episode,) = seen.of(EXPECTED)
    assert (episode.active_at, episode.firing_at, episode.gone_at) == (FAULT + 1, FAULT + 2, FAULT + 5)


def test_what_is_unseen_once_is_seen_again() -> None:
    seen = Sightings((EXPECTED,))
    seen.take(replace(look(1), active=AWAY, received=AWAY, pages=AWAY))
    assert (seen.prometheus, seen.alertmanager, seen.keeper) == (AWAY, AWAY, AWAY)
    seen.take(look(2))
    assert (seen.prometheus, seen.alertmanager, seen.keeper) == (None, None, None)


def test_when_an_alert_was_received_is_when_that_was_first() -> None:
    seen = Sightings((EXPECTED,))
    for at in (3.0, 60.0):
        seen.take(replace(look(at), received=(replace(received(3.0), updated_at=FAULT + at),)))
    found = seen.received_of(EXPECTED, FAULT)
    assert found is not None
    assert found.at == FAULT + 3


def test_an_alert_that_fired_before_the_fault_was_not_received_after_it() -> None:
    seen = Sightings((EXPECTED,))
    seen.take(replace(look(1), received=(received(-60),)))
    assert seen.received_of(EXPECTED, FAULT) is None


def test_what_silences_an_alert_later_is_known_too() -> None:
    seen = Sightings((EXPECTED,))
    seen.take(replace(look(1), received=(replace(received(1), silenced_by=("a",)),)))
    seen.take(replace(look(2), received=(replace(received(1), silenced_by=("b",)),)))
    found = seen.received_of(EXPECTED, FAULT)
    assert found is not None
    assert found.silenced_by == {"a", "b"}
    assert not found.let_through


def test_a_keeper_of_pages_that_began_anew_may_have_forgotten_some() -> None:
    seen = Sightings((EXPECTED,))
    seen.take(replace(look(1), pages=Pages((page(7, 0.5),), 0)))
    seen.take(replace(look(3), pages=Pages((page(1, 2),), 0)))
    assert "began anew" in why_unknown(seen, FAULT)


def test_pages_that_made_room_for_others_are_missed() -> None:
    seen = Sightings((EXPECTED,))
    seen.take(replace(look(1), pages=Pages((page(7, 0.5),), 3)))
    seen.take(replace(look(3), pages=Pages((page(9, 2),), 3)))
    assert why_unknown(seen, FAULT) == ""
    seen.take(replace(look(5), pages=Pages((page(12, 4),), 5)))
    assert "more than it keeps" in why_unknown(seen, FAULT)


def test_deliveries_are_those_after_a_time() -> None:
    seen = Sightings((EXPECTED,))
    for at, sent, failed in ((1, 5, 1), (2, 5, 1), (3, 7, 3), (4, 8, 3)):
        seen.take(replace(look(at), counts=counts(sent, failed)))
    found = seen.delivered_after(FAULT + 2)
    assert found is not None
    assert found.at == FAULT + 4
    assert seen.failed_since(FAULT + 2) == 2
    assert seen.delivered_after(FAULT + 4) is None


def test_counters_that_begin_anew_hide_nothing_that_failed() -> None:
    seen = Sightings((EXPECTED,))
    for at, sent, failed in ((1, 50, 9), (2, 3, 2), (3, 5, 2)):
        seen.take(replace(look(at), counts=counts(0, 0, webhook=(sent, failed), email=(sent, 0))))
    assert seen.failed_since(FAULT + 1, frozenset({"webhook"})) == 2
    assert seen.failed_since(FAULT + 1, frozenset({"email"})) == 0
    found = seen.delivered_after(FAULT + 1, frozenset({"webhook"}))
    assert found is not None
    assert (found.at, found.delivered(frozenset({"webhook"}))) == (FAULT + 2, 42)


def test_a_page_that_nobody_expected_is_a_stray_and_each_receiver_counts_once() -> None:
    seen = Sightings((EXPECTED,))
    pages = (page(1, 2, labels=OTHER), page(2, 3, labels=OTHER), page(3, 4, labels=OTHER, receiver="boss"), page(4, 5))
    seen.take(replace(look(6), pages=Pages(pages, 0)))
    assert [(one.alert, one.receiver, one.at - FAULT) for one in strays((EXPECTED,), seen, FAULT)] == [
        ("Other", "ml-oncall", 2),
        ("Other", "boss", 4),
    ]


def test_what_fired_before_the_fault_or_is_no_page_or_was_refused_is_no_stray() -> None:
    seen = Sightings((EXPECTED,))
    pages = (
        page(1, 2, labels=OTHER, starts_at=-30),
        page(2, 3, labels={**OTHER, "severity": "ticket"}),
        page(3, 4, labels=OTHER, answered=500),
        page(4, 5, "resolved", labels=OTHER),
    )
    seen.take(replace(look(6), pages=Pages(pages, 0)))
    assert strays((EXPECTED,), seen, FAULT) == ()


def test_without_a_keeper_of_pages_what_alertmanager_lets_through_is_a_stray() -> None:
    seen = Sightings((EXPECTED,))
    muted = replace(received(2, {**OTHER, "alertname": "Muted"}), inhibited_by=("x",))
    seen.take(replace(look(3), pages=NOBODY, received=(received(2, OTHER), muted, received(3))))
    assert [(one.alert, one.receiver) for one in strays((EXPECTED,), seen, FAULT)] == [("Other", "ml-oncall")]
    assert why_unknown(seen, FAULT) == ""
    seen.take(replace(look(4), pages=NOBODY, received=Unseen("down")))
    assert why_unknown(seen, FAULT) == "down"


def test_labels_tell_alerts_apart() -> None:
    seen = Sightings((EXPECTED,))
    other = active(2, labels={**LABELS, "tier": "slow-page"})
    seen.take(replace(look(3), active=(active(1), other, active(1, labels=OTHER))))
    assert len(seen.of(EXPECTED)) == 2
