"""What would have fired: when the formula says so, for as long as it burns, and never for what the tiers let pass."""

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slos.budget.backtest import Backtest, Question, backtest
from slos.budget.sliding import STRAIGHT_SLICES, History
from slos.burn import Counts
from slos.model import TierAlert
from slos.tiers import DAY, HOUR, TIERS, Tier, TierName
from tests.slos.firing import seconds_to_fire

EXAMPLES = settings(max_examples=15, deadline=None)
PERIOD = 28 * DAY
GOOD, ALL_BAD = Counts(0, 3000), Counts(3000, 3000)
START = 999_900.0
"""A multiple of 5 m."""
ALERTS: dict[TierName, TierAlert] = {tier.name: TierAlert(tier.urgency) for tier in TIERS}


def question(objective: float = 0.99, *tiers: TierName, minimum: float = 0, holds: float = 0) -> Question:
    chosen = {name: TierAlert(ALERTS[name].severity, holds) for name in tiers or ALERTS}
    return Question(objective, chosen, minimum, PERIOD, 1, lambda at: at - PERIOD, START)


def tried(counts: Sequence[Counts | None], asked: Question, per_slice: int = 1) -> Backtest:
    return backtest(History(START, 300 / per_slice, per_slice, counts), asked)


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(TIERS), st.floats(0.01, 1), st.sampled_from([0.9, 0.99, 0.999]), st.sampled_from([1, 5]))
def test_a_constant_error_ratio_fires_when_the_formula_says(
    tier: Tier, error_ratio: float, objective: float, per_slice: int
) -> None:
    healthy, broken = round(tier.long_seconds / 300) * per_slice, 200 * per_slice
    slid = [Counts(3000 * error_ratio * min(i + 1, per_slice) / per_slice, 3000) for i in range(broken)]
    found = tried([GOOD] * healthy + slid, question(objective, tier.name), per_slice)
    step = 300 / per_slice
    predicted = seconds_to_fire(tier.factor(PERIOD), objective, tier.long_seconds, error_ratio)
    if not tier.reachable(PERIOD, objective):
        assert found.unreachable == (tier.name,)
    elif predicted > broken * step:
        assert found.firings == ()
    elif predicted < (broken - 1) * step:
        (firing,) = found.firings
        began = START + (healthy - 1) * step
        resolution = step if tier.long_seconds <= STRAIGHT_SLICES * 300 else 300
        assert 0 <= firing.start - began - predicted + 1e-6 <= resolution + 2e-6


@EXAMPLES
@given(st.lists(st.sampled_from([None, GOOD, Counts(0, 0), Counts(30, 3000), Counts(300, 3000), ALL_BAD]), min_size=1))
def test_firings_of_a_tier_follow_each_other_and_lie_within_the_history(counts: list[Counts | None]) -> None:
    found = tried(counts, question())
    for name in ALERTS:
        own = [firing for firing in found.firings if firing.tier == name]
        assert all(one.end < other.start for one, other in pairwise(own))
        assert all(START <= one.start <= one.end <= START + 300 * (len(counts) - 1) for one in own)
        assert all(one is own[-1] and one.end == START + 300 * (len(counts) - 1) for one in own if one.ongoing)
        assert all(one.spent >= 0 for one in own)
    assert sum(one.spent for one in found.firings if one.tier == "fast-page") <= 1 - (found.left or -math.inf) + 1e-9


@EXAMPLES
@given(
    st.lists(st.sampled_from([GOOD, Counts(3, 3000), Counts(300, 3000)]), min_size=1), st.integers(0, 3000), st.data()
)
def test_more_errors_never_leave_more_budget_and_never_fire_less(
    counts: list[Counts], more: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(counts) - 1))
    worse = [*counts]
    worse[index] = Counts(min(counts[index].bad + more, 3000), 3000)
    before, after = tried(counts, question()), tried(worse, question())
    assert before.left is not None
    assert after.left is not None
    assert after.left <= before.left
    firing = [sum(one.end - one.start + 300 * one.ongoing for one in found.firings) for found in (before, after)]
    assert firing[1] >= firing[0]


@EXAMPLES
@given(st.lists(st.sampled_from([None, GOOD, Counts(0, 0), Counts(7, 3000), ALL_BAD]), min_size=1), st.integers(2, 50))
def test_scaling_traffic_changes_nothing_but_the_counts(counts: list[Counts | None], by: int) -> None:
    scaled = [None if one is None else Counts(one.bad * by, one.total * by) for one in counts]
    before, after = tried(counts, question()), tried(scaled, question())
    assert [(one.tier, one.start, one.end) for one in before.firings] == [
        (one.tier, one.start, one.end) for one in after.firings
    ]
    assert after.left == (None if before.left is None else pytest.approx(before.left))


def test_an_incident_pages_soon_and_for_as_long_as_its_short_window_burns() -> None:
    found = tried([GOOD] * 864 + [ALL_BAD] * 6 + [GOOD] * 300, question(0.99, "fast-page"))
    (firing,) = found.firings
    assert firing.severity == "page"
    assert (firing.start, firing.end) == (START + 865 * 300, START + 870 * 300)  # 13.44 % of 1 h are 8 min of 100 %
    assert firing.spent == pytest.approx(4 * 3000 / (1170 * 3000 * 0.01))
    assert not firing.ongoing


@EXAMPLES
@given(
    st.lists(st.sampled_from([None, Counts(0, 0), GOOD, Counts(300, 3000), ALL_BAD]), min_size=1, max_size=12),
    st.integers(0, 4),
)
def test_what_fires_has_bad_events_to_show_however_short_the_history(counts: list[Counts | None], late: int) -> None:
    """Also before the first slice of the rules has ended."""
    history = History(START + late * 60, 60, 5, counts)
    found = backtest(history, question())
    assert not found.firings or found.counts.bad > 0
    assert all(firing.spent <= 1 - (1 if found.left is None else found.left) + 1e-9 for firing in found.firings)


def test_three_minutes_of_errors_are_told_with_their_events() -> None:
    found = backtest(History(START + 60, 60, 5, [ALL_BAD] * 3), question(0.99, "fast-page"))
    (firing,) = found.firings
    assert firing.ongoing
    assert found.counts == ALL_BAD
    assert found.left == pytest.approx(-99)


def test_an_alert_waits_for_as_long_as_it_says() -> None:
    broken = [GOOD] * 864 + [ALL_BAD] * 12 + [GOOD] * 10
    at_once = tried(broken, question(0.99, "fast-page")).firings[0]
    later = tried(broken, question(0.99, "fast-page", holds=900)).firings[0]
    assert later.start == at_once.start + 900
    assert later.end == at_once.end
    assert tried(broken, question(0.99, "fast-page", holds=4 * HOUR)).firings == ()


def test_few_events_do_not_alert() -> None:
    quiet = [Counts(0, 4)] * 864 + [Counts(4, 4)] * 12
    assert tried(quiet, question(0.99, "fast-page", minimum=4)).firings
    assert not tried(quiet, question(0.99, "fast-page", minimum=5)).firings


def test_no_traffic_and_no_data_do_not_burn() -> None:
    assert tried([GOOD] * 20 + [Counts(0, 0), None] * 20, question()).firings == ()


def test_what_still_burns_at_the_end_is_ongoing() -> None:
    (firing,) = tried([GOOD] * 864 + [ALL_BAD] * 12, question(0.99, "fast-page")).firings
    assert firing.ongoing
    assert firing.end == START + 875 * 300


def test_what_happened_before_is_only_there_to_fill_the_windows() -> None:
    broken = [ALL_BAD] * 12 + [GOOD] * 12
    asked = question(0.99, "slow-page")
    since = Question(0.99, asked.tiers, 0, PERIOD, 1, asked.begins, START + 12 * 300)
    assert [firing.start for firing in tried(broken, asked).firings] == [START]
    (firing,) = tried(broken, since).firings
    assert firing.start == START + 12 * 300


def test_the_share_of_the_time_with_data_is_told() -> None:
    assert tried([GOOD, None, None, GOOD], question()).coverage == 0.5
    assert tried([None, None], question()).coverage == 0
    assert tried([None, None], question()).left is None


def test_the_lowest_budget_is_of_whole_windows_only() -> None:
    short = Question(0.99, {}, 0, HOUR, 1, lambda at: at - HOUR, START)
    found = tried([GOOD] * 20 + [ALL_BAD] + [GOOD] * 20, short)
    assert found.lowest is not None
    assert found.lowest.at == START + 20 * 300
    assert found.lowest.left == pytest.approx(1 - 100 / 12)
    assert found.left == 1
    assert found.window_read == 1
    assert tried([GOOD] * 11, short).lowest is None
    assert tried([GOOD] * 6, short).window_read == pytest.approx(0.5)


def test_time_runs_faster_with_a_time_scale() -> None:
    scaled = Question(0.99, {"fast-page": TierAlert("page", 900)}, 0, PERIOD, 60, lambda at: at - PERIOD / 60, START)
    found = backtest(History(START, 5, 1, [GOOD] * 864 + [ALL_BAD] * 12 + [GOOD] * 10), scaled)
    (firing,) = found.firings
    assert (firing.start, firing.end) == (START + 868 * 5, START + 876 * 5)


def test_a_history_has_a_step() -> None:
    with pytest.raises(ValueError, match="at least one step"):
        tried([], question())
