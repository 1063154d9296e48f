"""How runs do over time, and two of them beside each other. Pure."""

from dataclasses import replace

import pytest

from runner.alerting.timeline import AlertPath
from runner.runs.comparing import Fact, compare
from runner.runs.record import Durations
from runner.runs.trends import Figure, trends_of
from runner.store.values import TrendPoint
from tests.runner.store.records import NOW, record, timeline


def point(number: int, detect: float | None, **changes: object) -> TrendPoint:
    made = TrendPoint(f"r{number}", "t", "t.yaml", NOW + number, "held", Durations(detect=detect), {"a": 0.1, "b": 0.2})
    return made._replace(**changes)  # type: ignore[arg-type]


def test_the_median_of_the_last_five_runs_stands_beside_that_of_all_before() -> None:
    (trend,) = trends_of([point(number, seconds) for number, seconds in enumerate((1, 2, 3, 4, 5, 6, 7, 90))])
    assert trend.detect == Figure(now=6, before=2)
    assert trend.detect.change == 2
    assert trend.spent == Figure(0.2, 0.2)
    assert (trend.held_share, trend.page) == (1.0, Figure(None, None))


def test_what_is_unknown_counts_for_nothing() -> None:
    (trend,) = trends_of([point(1, None), point(2, 4.0), point(3, None)])
    assert trend.detect == Figure(4.0, None)
    assert trend.detect.change is None


def test_trends_are_by_title_and_the_one_that_ran_last_comes_first() -> None:
    points = [point(1, 1.0, title="old"), point(3, 1.0, title="new", verdict="breached"), point(2, 1.0, title="new")]
    new, old = trends_of(points)
    assert (new.title, [one.run_id for one in new.points], new.verdicts) == (
        "new", ["r2", "r3"], {"held": 1, "breached": 1},
    )  # fmt: skip
    assert (old.title, new.held_share) == ("old", 0.5)


def test_two_runs_that_are_the_same_differ_in_nothing() -> None:
    assert all(fact.same for fact in compare(record("a"), record("b", NOW + 3600)))


def test_what_changed_is_told_with_by_how_much() -> None:
    slower = replace(
        record(), verdict="breached", durations=Durations(7.5, 6.0, None), spent={"llm-availability": 0.5, "new": 0.25},
        alerts=AlertPath((timeline(outcome="lost", lost_at="notified"),)), versions={"python": "3.12"},
    )  # fmt: skip
    changed = {fact.name: fact for fact in compare(record(), slower) if not fact.same}
    assert changed["verdict"] == Fact("verdict", "text", "held", "breached")
    assert changed["time to detect"].change == 2.5
    assert (changed["time to recover"].second, changed["time to recover"].change) == (None, None)
    assert changed["spent of llm-availability"].change == pytest.approx(0.488)
    assert changed["spent of new"] == Fact("spent of new", "share", None, 0.25)
    assert changed["LlmBudgetBurn (page)"].second == "lost at notified"
    assert changed["TtftBudgetBurn (page): firing"] == Fact("TtftBudgetBurn (page): firing", "seconds", 5.0, None)
    assert changed["version of mlchaos"].second is None
