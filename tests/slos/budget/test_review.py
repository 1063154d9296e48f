"""What spent a budget: nothing is lost or counted twice, and a known incident is found as it was."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slos.budget.review import QUIET_SLICES, Review, Slices, review
from slos.burn import Counts, burn_rate, summed

EXAMPLES = settings(max_examples=15, deadline=None)
objectives = st.sampled_from([0.5, 0.9, 0.99, 0.995, 0.9999])


SLICES = [
    None,
    Counts(0, 0),
    *(Counts(bad, 1) for bad in (0, 1)),
    *(Counts(bad, 100) for bad in (0, 0, 1, 100)),
    *(Counts(bad, 100_000) for bad in (0, 0, 9, 1000, 60_000)),
]
windows = st.lists(st.sampled_from(SLICES), min_size=1, max_size=40)


def reviewed(counts: Sequence[Counts | None], objective: float = 0.99) -> Review:
    return review(Slices(1000, 300, tuple(counts)), objective)


@EXAMPLES
@given(windows, objectives)
def test_every_bad_event_is_of_one_burn_or_of_the_background(counts: list[Counts | None], objective: float) -> None:
    found = reviewed(counts, objective)
    parts = summed([*(burn.counts for burn in found.burns), found.background])
    assert parts == found.counts == summed(one for one in counts if one is not None)


@EXAMPLES
@given(windows, objectives)
def test_the_shares_sum_to_what_is_spent(counts: list[Counts | None], objective: float) -> None:
    found = reviewed(counts, objective)
    if found.spent is None or found.background_share is None:
        assert (found.counts.total, found.burns, set(found.left)) == (0, (), {None})
        return
    assert sum(burn.share for burn in found.burns) + found.background_share == pytest.approx(found.spent)
    assert found.counts.error_ratio is not None
    assert found.spent == pytest.approx(burn_rate(found.counts.error_ratio, objective))


@EXAMPLES
@given(windows, objectives)
def test_what_is_left_after_the_last_slice_is_what_was_not_spent(counts: list[Counts | None], objective: float) -> None:
    found = reviewed(counts, objective)
    known = [left for left in found.left if left is not None]
    if found.spent is not None:
        assert known[-1] == pytest.approx(1 - found.spent)
    assert known == sorted(known, reverse=True)


@EXAMPLES
@given(windows, objectives)
def test_there_is_a_gap_just_where_there_is_no_data(counts: list[Counts | None], objective: float) -> None:
    found = reviewed(counts, objective)
    if found.counts.total:
        assert [left is None for left in found.left] == [one is None for one in counts]
    assert found.slices.coverage == sum(one is not None for one in counts) / len(counts)


@EXAMPLES
@given(windows, objectives)
def test_burns_do_not_touch_begin_and_end_burning_and_are_sorted_by_cost(
    counts: Sequence[Counts | None], objective: float
) -> None:
    found = reviewed(counts, objective)
    in_time = sorted(found.burns, key=lambda burn: burn.start)
    for one, other in pairwise(in_time):
        assert other.start - one.end > QUIET_SLICES * 300
    for burn in found.burns:
        first, last = (burn.start - 1000) / 300, (burn.end - 1000) / 300 - 1
        for edge in (counts[round(first)], counts[round(last)]):
            assert edge is not None
            assert edge.error_ratio is not None
            assert 1 < burn_rate(edge.error_ratio, objective) <= burn.peak
        assert burn.ongoing == (burn.end == found.slices.end)
    assert [burn.share for burn in found.burns] == sorted((burn.share for burn in found.burns), reverse=True)


@EXAMPLES
@given(windows, objectives, st.data())
def test_more_errors_never_leave_more_budget(
    counts: list[Counts | None], objective: float, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(counts) - 1))
    one = counts[index]
    if one is None:
        return
    worse = [*counts]
    worse[index] = Counts(min(one.bad + data.draw(st.integers(0, 1000)), one.total), one.total)
    for before, after in zip(reviewed(counts, objective).left, reviewed(worse, objective).left, strict=True):
        assert (before is None) == (after is None)
        if before is not None and after is not None:
            assert after <= before


GOOD, QUIET, HALF_BAD = Counts(0, 100), Counts(0, 0), Counts(50, 100)


def test_a_known_incident_is_found_as_it_was() -> None:
    found = reviewed([GOOD] * 10 + [HALF_BAD, Counts(100, 100)] + [GOOD] * 8)
    (burn,) = found.burns
    assert (burn.start, burn.end, burn.seconds) == (1000 + 10 * 300, 1000 + 12 * 300, 600)
    assert (burn.counts, burn.ongoing) == (Counts(150, 200), False)
    assert burn.peak == pytest.approx(100)
    assert burn.share == pytest.approx(150 / (2000 * 0.01))
    assert found.left[9:13] == pytest.approx((1, -1.5, -6.5, -6.5))


@pytest.mark.parametrize("between", [GOOD, QUIET, None])
def test_small_quiet_gaps_join_burns_and_larger_ones_part_them(between: Counts | None) -> None:
    joined = reviewed([HALF_BAD] + [between] * QUIET_SLICES + [HALF_BAD, GOOD])
    parted = reviewed([HALF_BAD] + [between] * (QUIET_SLICES + 1) + [HALF_BAD, GOOD])
    assert [burn.counts.bad for burn in joined.burns] == [100]
    assert [burn.counts.bad for burn in parted.burns] == [50, 50]


def test_exactly_what_the_objective_allows_is_no_burn() -> None:
    found = reviewed([Counts(1, 100)] * 20)
    assert found.burns == ()
    assert found.spent == found.background_share == pytest.approx(1)


def test_a_burn_that_lasts_until_now_is_ongoing() -> None:
    assert reviewed([GOOD, HALF_BAD]).burns[0].ongoing


def test_without_events_nothing_is_known_about_the_budget() -> None:
    found = reviewed([QUIET, None, QUIET])
    assert (found.spent, found.background_share, found.burns) == (None, None, ())
