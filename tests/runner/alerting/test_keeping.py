"""What the keeper of pages has given, by our clock."""

from dataclasses import replace

import pytest

from clients.pages import Pages, clock_ahead
from runner.alerting.keeping import KeptPages
from runner.alerting.sightings import Sightings
from runner.alerting.strays import strays, why_unknown
from tests.runner.alerting.story import EXPECTED, FAULT, Story, look, page

OTHER = {"alertname": "Other", "severity": "page"}


def stray(number: int, at: float, **of_the_keeper: float) -> Sightings:
    """A page that nobody expected, seen at 5; `at` is by the clock of the keeper."""
    seen = Sightings(())
    ahead = of_the_keeper.get("ahead")
    seen.take(replace(look(-1), pages=Pages((), 0, ahead=ahead)))
    seen.take(replace(look(5), pages=Pages((page(number, at, labels=OTHER),), 0, ahead=ahead)))
    return seen


def test_a_page_by_a_clock_that_is_behind_came_when_it_came() -> None:
    seen = stray(1, -6, ahead=-10)
    assert [one.at for one in strays((), seen, FAULT)] == [FAULT + 4]
    assert "10.0 s behind" in seen.kept.skew


@pytest.mark.parametrize("ahead", [-600, -10, 20, 600])
def test_a_page_that_cannot_have_come_then_came_when_it_was_seen(ahead: float) -> None:
    seen = stray(1, 4 + ahead)
    assert [one.at for one in strays((), seen, FAULT)] == [FAULT + 5]
    assert seen.kept.skew


def test_what_a_keeper_whose_clock_is_ahead_had_before_the_fault_is_not_new() -> None:
    kept = KeptPages()
    kept.take(Pages((page(1, 30),), 0), FAULT - 1)
    assert [one.received_at for one in kept.pages] == [FAULT - 1]
    kept.take(Pages((page(1, 30),), 0), FAULT + 5)
    assert [one.id for one in kept.pages] == [1]


def test_a_clock_that_is_another_one_is_told_with_the_notification() -> None:
    story = Story()
    story.firing = replace(story.firing, pages=Pages((page(1, -6),), 0, ahead=-10))
    story.over = replace(story.over, pages=Pages((page(2, 32, "resolved"),), 0, ahead=-10))
    timeline = story.judged()
    assert timeline.outcome == "proven", timeline.reason
    assert timeline.at("notified") == FAULT + 4
    assert any("which was corrected" in stage.detail for stage in timeline.stages)


def test_a_clock_that_may_be_ours_is_ours() -> None:
    assert clock_ahead(10.5, 10.0, 14.0) == 0.0
    assert clock_ahead(22.0, 10.0, 14.0) == 10.0


@pytest.mark.parametrize(
    ("before", "after", "missed"),
    [
        (Pages((), 0, last=0), Pages((page(2, 4), page(3, 4)), 1, last=3), "more than it keeps"),
        (Pages((), 0), Pages((page(2, 4),), 1), "more than it keeps"),
        (Pages((), 0, last=7), Pages((), 3, last=10), "more than it keeps"),
        (Pages((), 5, last=7), Pages((page(8, 4),), 6, last=8), ""),
        (Pages((), 5), Pages((page(8, 4),), 5), ""),
        (Pages((), 0, last=7), Pages((), 0, last=9), "did not give"),
        (Pages((), 0, last=7), Pages((), 0, last=0), "began anew"),
        (Pages((page(7, 1),), 0), Pages((page(1, 4),), 0), "began anew"),
    ],
)
def test_pages_between_two_looks_that_nobody_gave_are_missed(before: Pages, after: Pages, missed: str) -> None:
    seen = Sightings((EXPECTED,))
    seen.take(replace(look(2), pages=before))
    assert seen.missed_pages == ""
    seen.take(replace(look(5), pages=after))
    assert missed in why_unknown(seen, FAULT)
    assert bool(missed) == bool(why_unknown(seen, FAULT))


def test_what_was_missed_once_stays_missed() -> None:
    seen = Sightings((EXPECTED,))
    for at, pages in ((1, Pages((), 0, last=0)), (2, Pages((page(3, 1),), 2, last=3)), (3, Pages((), 2, last=3))):
        seen.take(replace(look(at), pages=pages))
    assert "more than it keeps" in seen.missed_pages
