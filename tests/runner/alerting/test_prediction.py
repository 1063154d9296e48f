"""When a burn alert should fire."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.alerting.prediction import (
    AlertTerms,
    Course,
    Stretch,
    TierTerms,
    burn,
    counted,
    course_of,
    predict,
    quickest,
    steady_seconds,
    terms_of,
)
from slos.burn import Counts
from slos.tiers import TIER

FAULT = 1000.0
FAST = TierTerms("fast-page", 14.4, 60, 5)
SLOW = TierTerms("slow-page", 6, 360, 30)
TERMS = AlertTerms(0.99, (FAST, SLOW))
INTERVAL = 2.5
EVALUATIONS = [FAULT + 1 + INTERVAL * index for index in range(40)]


def steady(ratio: float, rate: float = 50.0, seconds: float = 500.0) -> tuple[Stretch, ...]:
    """An hour without errors, and then a steady error ratio."""
    before = Stretch(FAULT - 3600, FAULT, Counts(0, 3600 * rate))
    events = Counts(min(ratio * rate * seconds, rate * seconds), rate * seconds)
    return before, Stretch(FAULT, FAULT + seconds, events)


def test_a_tier_is_scaled_to_the_time_of_the_rules() -> None:
    tier = terms_of(TIER["fast-page"], 28 * 86400, 60, 120)
    assert tier.factor == pytest.approx(13.44)
    assert (tier.long_seconds, tier.short_seconds, tier.for_seconds) == (60, 5, 2)


def near(course: Course, start: float, end: float, bad: float, total: float) -> bool:
    """Whether so many events are in a stretch of time."""
    found = counted(course, start, end)
    return math.isclose(found.bad, bad) and math.isclose(found.total, total)


@settings(max_examples=20)
@given(ratio=st.floats(0.15, 1.0))
def test_a_steady_error_ratio_fires_at_the_first_evaluation_after_the_formulas_time(ratio: float) -> None:
    fires = predict(steady(ratio), AlertTerms(0.99, (FAST,)), EVALUATIONS)
    assert fires is not None
    formula = FAULT + steady_seconds(TERMS, FAST, ratio)
    assert formula < fires.at + 1e-6
    assert fires.at - formula <= INTERVAL + 1e-6


@settings(max_examples=20)
@given(ratio=st.floats(0.0, 0.143))
def test_an_error_ratio_that_never_burns_fast_enough_never_fires(ratio: float) -> None:
    terms = AlertTerms(0.99, (FAST,))
    assert math.isinf(steady_seconds(terms, FAST, ratio))
    assert predict(steady(ratio), terms, EVALUATIONS) is None


def test_the_tier_that_fires_first_counts() -> None:
    fires = predict(steady(0.1), TERMS, [FAULT + 10 * index for index in range(30)])
    assert fires is not None
    assert fires.tier == "slow-page"
    found = quickest(TERMS, 1.0)
    assert found is not None
    assert found[0] == FAST
    assert found[1] == pytest.approx(8.64)
    assert quickest(TERMS, 0.001) is None


def test_errors_from_before_the_fault_count_until_they_leave_the_window() -> None:
    clean, fault = steady(0.2)
    fires = predict((clean, fault), AlertTerms(0.99, (FAST,)), EVALUATIONS)
    burnt = Stretch(FAULT - 3600, FAULT, Counts(0.1 * clean.events.total, clean.events.total))
    sooner = predict((burnt, fault), AlertTerms(0.99, (FAST,)), EVALUATIONS)
    assert fires is not None
    assert sooner is not None
    assert sooner.at < fires.at


def test_a_young_window_has_only_what_was_seen() -> None:
    _, fault = steady(0.2)
    fires = predict((Stretch(FAULT - 5, FAULT, Counts(0, 250)), fault), AlertTerms(0.99, (FAST,)), EVALUATIONS)
    assert fires is not None
    assert fires.at - FAULT < 20 < steady_seconds(TERMS, FAST, 0.2)


def test_a_burst_that_is_over_before_the_next_evaluation_does_not_fire() -> None:
    burst = Stretch(FAULT, FAULT + 0.5, Counts(25, 25))
    after = Stretch(FAULT + 0.5, FAULT + 500, Counts(0, 499.5 * 50))
    assert predict((steady(0)[0], burst, after), AlertTerms(0.99, (FAST,)), EVALUATIONS) is None


def test_an_alert_waits_for_as_long_as_its_rule_says() -> None:
    patient = TierTerms("fast-page", 14.4, 60, 5, for_seconds=10)
    at_once = predict(steady(1), AlertTerms(0.99, (FAST,)), EVALUATIONS)
    later = predict(steady(1), AlertTerms(0.99, (patient,)), EVALUATIONS)
    assert at_once is not None
    assert later is not None
    assert later.at - at_once.at == pytest.approx(10)


def test_too_few_events_in_the_short_window_do_not_fire() -> None:
    assert predict(steady(1, rate=2), AlertTerms(0.99, (FAST,), minimum_events=11), EVALUATIONS) is None
    assert predict(steady(1, rate=3), AlertTerms(0.99, (FAST,), minimum_events=11), EVALUATIONS) is not None


def test_without_events_there_is_no_burn() -> None:
    assert burn((), 0.99, 60, FAULT) is None


def test_a_course_is_made_of_nested_windows_before_and_growing_ones_since() -> None:
    course = course_of(
        FAULT,
        [(60, Counts(3, 600)), (5, Counts(1, 50))],
        [(FAULT + 5, Counts(40, 100)), (FAULT + 2, Counts(10, 40))],
    )
    assert near(course, FAULT - 60, FAULT, 3, 600)
    assert near(course, FAULT - 5, FAULT, 1, 50)
    assert near(course, FAULT, FAULT + 2, 10, 40)
    assert near(course, FAULT + 2, FAULT + 5, 30, 60)


def test_counts_that_extrapolation_makes_smaller_take_nothing_away() -> None:
    course = course_of(
        FAULT, [], [(FAULT + 2, Counts(10, 40)), (FAULT + 4, Counts(9, 39)), (FAULT + 6, Counts(12, 60))]
    )
    assert near(course, FAULT, FAULT + 6, 12, 60)
