"""The arithmetic of error budgets holds whatever the numbers: laws first, then values worked out by hand."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slos.burn import (
    Counts,
    budget_left,
    burn_rate,
    seconds_to_exhaustion,
    seconds_to_exhaustion_in_calendar,
    summed,
)
from slos.tiers import DAY, HOUR, TIERS, Tier
from tests.slos.firing import seconds_to_fire

EXAMPLES = settings(max_examples=15, deadline=None)
objectives = st.floats(0.5, 0.9999)
ratios = st.floats(0, 1)
burns = st.floats(0, 1e4)
whole = st.integers(0, 10**9)


@st.composite
def counts(draw: st.DrawFn) -> Counts:
    total = draw(whole)
    return Counts(draw(st.integers(0, total)), total)


@EXAMPLES
@given(counts(), st.integers(1, 1000), objectives)
def test_scaling_traffic_does_not_change_burn(one: Counts, by: int, objective: float) -> None:
    more = Counts(one.bad * by, one.total * by)
    if one.error_ratio is None:
        assert more.error_ratio is None
        return
    assert more.error_ratio is not None
    assert burn_rate(more.error_ratio, objective) == pytest.approx(burn_rate(one.error_ratio, objective), rel=1e-12)


@EXAMPLES
@given(st.lists(counts(), max_size=20), st.integers(0, 20))
def test_a_window_that_is_split_adds_up_to_the_whole(parts: list[Counts], at: int) -> None:
    assert summed(parts[:at]) + summed(parts[at:]) == summed(parts)


@EXAMPLES
@given(st.lists(counts(), max_size=20))
def test_a_quiet_part_changes_nothing(parts: list[Counts]) -> None:
    assert summed([*parts, Counts(0, 0)]).error_ratio == summed(parts).error_ratio


@EXAMPLES
@given(counts(), st.integers(0, 10**6), objectives)
def test_more_errors_never_leave_more_budget(one: Counts, more: int, objective: float) -> None:
    worse = Counts(min(one.bad + more, one.total), one.total)
    if one.error_ratio is not None and worse.error_ratio is not None:
        assert budget_left(worse.error_ratio, objective) <= budget_left(one.error_ratio, objective)


@EXAMPLES
@given(ratios, objectives)
def test_what_is_left_and_what_is_burnt_are_the_whole_budget(error_ratio: float, objective: float) -> None:
    assert budget_left(error_ratio, objective) + burn_rate(error_ratio, objective) == pytest.approx(1)


@EXAMPLES
@given(st.integers(1, 10**9), objectives)
def test_as_many_bad_events_as_the_budget_has_leave_nothing(total: int, objective: float) -> None:
    budget = total * (1 - objective)
    assert budget_left(budget / total, objective) == pytest.approx(0, abs=1e-9)


@EXAMPLES
@given(st.floats(0.001, 1), st.floats(0.001, 1e4), st.floats(3600, 90 * DAY))
def test_burning_until_exhaustion_spends_what_was_left(left: float, burn: float, period: float) -> None:
    seconds = seconds_to_exhaustion(left, burn, period)
    assert burn * seconds / period == pytest.approx(left)


@EXAMPLES
@given(st.floats(-5, 1), burns, burns, st.floats(3600, 90 * DAY))
def test_a_faster_burn_never_lasts_longer(left: float, one: float, other: float, period: float) -> None:
    slower, faster = sorted((one, other))
    assert seconds_to_exhaustion(left, faster, period) <= seconds_to_exhaustion(left, slower, period)
    assert seconds_to_exhaustion_in_calendar(left, faster, period) <= seconds_to_exhaustion_in_calendar(
        left, slower, period
    )


@EXAMPLES
@given(st.floats(0.001, 1), st.floats(1.01, 1e4), st.floats(3600, 90 * DAY), objectives)
def test_in_a_calendar_window_the_budget_is_gone_when_the_bad_events_have_caught_up(
    left: float, burn: float, elapsed: float, objective: float
) -> None:
    more = seconds_to_exhaustion_in_calendar(left, burn, elapsed)
    bad = (1 - left) * (1 - objective) * elapsed + burn * (1 - objective) * more  # at one event per second
    assert bad == pytest.approx((elapsed + more) * (1 - objective))


@EXAMPLES
@given(st.sampled_from(TIERS), objectives, ratios)
def test_a_tier_that_fires_has_then_seen_its_share_of_the_budget(tier: Tier, objective: float, error: float) -> None:
    seconds = seconds_to_fire(tier.factor(28 * DAY), objective, tier.long_seconds, error)
    if seconds < math.inf:
        assert seconds <= tier.long_seconds
        assert burn_rate(error, objective) * seconds / (28 * DAY) == pytest.approx(tier.budget_share)


def test_a_spent_budget_is_gone_now_and_one_that_does_not_burn_never_is() -> None:
    assert seconds_to_exhaustion(0, 5, DAY) == 0
    assert seconds_to_exhaustion(-0.5, 0, DAY) == 0
    assert seconds_to_exhaustion(0.5, 0, DAY) == math.inf
    assert seconds_to_exhaustion_in_calendar(-0.5, 0, DAY) == 0
    assert seconds_to_exhaustion_in_calendar(0.5, 1, DAY) == math.inf


def test_values_worked_out_by_hand() -> None:
    assert burn_rate(0.0144, 0.999) == pytest.approx(14.4)
    assert budget_left(0.0005, 0.999) == pytest.approx(0.5)
    assert seconds_to_exhaustion(0.5, 14.4, 30 * DAY) == pytest.approx(25 * HOUR)
    assert seconds_to_exhaustion_in_calendar(0.5, 2, 10 * DAY) == 5 * DAY
    assert seconds_to_fire(14.4, 0.999, HOUR, 1.0) == pytest.approx(51.84)
    assert seconds_to_fire(14.4, 0.999, HOUR, 0.0144) == math.inf


def test_uneven_traffic_is_weighted_by_events() -> None:
    month = [Counts(0.0005 * 1000 * 15 * DAY, 1000 * 15 * DAY), Counts(0.02 * 10 * 15 * DAY, 10 * 15 * DAY)]
    assert summed(month).error_ratio == pytest.approx(0.7 / 1010)


def test_no_events_have_no_error_ratio() -> None:
    assert Counts(0, 0).error_ratio is None
    assert summed([]).error_ratio is None


def test_more_bad_than_all_events_is_an_error_ratio_of_one() -> None:
    assert Counts(11, 10).error_ratio == 1


@pytest.mark.parametrize(
    ("bad", "total"), [(-1, 1), (0, -1), (math.nan, 1), (0, math.nan), (0, math.inf), (math.inf, math.inf)]
)
def test_what_is_no_count_is_refused(bad: float, total: float) -> None:
    with pytest.raises(ValueError, match="counts are finite and not negative"):
        Counts(bad, total)
