"""Sliding windows: exact where the slices agree with each other, and steady where they do not."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slos.budget.sliding import STRAIGHT_SLICES, History, SlidingSums
from slos.burn import Counts

EXAMPLES = settings(max_examples=15, deadline=None)
START, STEP, PER_SLICE = 999_900.0, 60.0, 5
steps = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=60)


def events(pairs: Sequence[tuple[int, int]]) -> list[Counts]:
    """Of each step: so many bad and so many good."""
    return [Counts(bad, bad + good) for bad, good in pairs]


def slid(each: Sequence[Counts], start: float = START) -> History:
    """Every slice as it really was."""
    slices = []
    for index in range(len(each)):
        part = each[max(index - PER_SLICE + 1, 0) : index + 1]
        slices.append(Counts(sum(one.bad for one in part), sum(one.total for one in part)))
    return History(start, STEP, PER_SLICE, slices)


@EXAMPLES
@given(steps, st.integers(2, 8), st.integers(0, 4))
def test_windows_of_slices_that_agree_are_exact_at_every_step(
    pairs: list[tuple[int, int]], slices: int, late: int
) -> None:
    each = events(pairs)
    sums = SlidingSums(slid(each, START + late * STEP))
    for index in range(len(each)):
        part = each[max(index - slices * PER_SLICE + 1, 0) : index + 1]
        assert sums.window(index, slices) == (sum(one.bad for one in part), sum(one.total for one in part))


@EXAMPLES
@given(steps)
def test_the_newest_slice_is_as_it_was_read(pairs: list[tuple[int, int]]) -> None:
    history = History(START, STEP, PER_SLICE, events(pairs))
    sums = SlidingSums(history)
    assert [sums.window(index, 1) for index in range(len(pairs))] == [(one.bad, one.total) for one in events(pairs)]


@EXAMPLES
@given(steps, st.integers(2, 6))
def test_windows_of_slices_that_disagree_stay_between_those_of_the_rules(
    pairs: list[tuple[int, int]], slices: int
) -> None:
    """Between the whole slices within the window, and those that it touches."""
    sums = SlidingSums(History(START, STEP, PER_SLICE, events(pairs)))
    last_multiple = (len(pairs) - 1) // PER_SLICE * PER_SLICE
    for index in range(last_multiple + 1):
        inner = sums.whole_slices(index, slices - 1)
        outer = sums.whole_slices(min(index + PER_SLICE - 1, last_multiple), slices + 1)
        for low, found, high in zip(inner, sums.window(index, slices), outer, strict=True):
            assert low - 1e-9 <= found <= high + 1e-9


@EXAMPLES
@given(steps, st.integers(0, 4))
def test_long_windows_are_the_sums_of_whole_slices_at_multiples(pairs: list[tuple[int, int]], late: int) -> None:
    history = History(START + late * STEP, STEP, PER_SLICE, events(pairs))
    sums = SlidingSums(history)
    multiples = [index for index in range(len(pairs)) if history.at(index) % (STEP * PER_SLICE) == 0]
    assert multiples[:1] == [history.first_multiple][: len(multiples)]
    for index in range(len(pairs)):
        past = [history.counts[one] for one in multiples if one <= index]
        bad = sum(one.bad for one in past if one)
        assert sums.window(index, STRAIGHT_SLICES + 1)[0] == bad


@EXAMPLES
@given(steps, st.integers(0, 4))
def test_what_was_counted_stays_counted(pairs: list[tuple[int, int]], late: int) -> None:
    sums = SlidingSums(History(START + late * STEP, STEP, PER_SLICE, events(pairs)))
    counted = [sums.between(-1, index) for index in range(len(pairs))]
    for before, after in pairwise(counted):
        assert before[0] <= after[0]
        assert before[1] <= after[1]


def test_a_burst_that_some_slices_missed_does_not_come_and_go() -> None:
    """Errors between two scrapes, at the edge of a slice: one tiling in five never counts them."""
    counts = [Counts(0, 100)] * 200
    for index in range(50, 55):
        counts[index] = Counts(0 if index == 52 else 25, 100)
    sums = SlidingSums(History(START, STEP, PER_SLICE, counts))
    assert {sums.window(index, 12)[0] for index in range(60, 105)} == {25}


def test_where_there_is_no_data_nothing_is_added() -> None:
    sums = SlidingSums(History(START, STEP, 1, [Counts(1, 10), None, Counts(2, 10)]))
    assert [sums.window(index, 2) for index in range(3)] == [(1, 10), (1, 10), (2, 10)]
    assert sums.window(1, 1) == (0, 0)
    assert sums.between(0, 2) == (2, 10)


@pytest.mark.parametrize(("late", "first"), [(0, 0), (1, 4), (2, 3), (4, 1), (5, 0)])
def test_the_first_multiple_is_found_wherever_the_history_begins(late: int, first: int) -> None:
    assert History(START + late * STEP, STEP, PER_SLICE, []).first_multiple == first
