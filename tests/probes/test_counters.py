"""Differences of counters, checked against the counting that they stand for."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.prometheus import Sample, Series
from probes.counters import (
    Quantile,
    Span,
    bucket_increases,
    increase,
    newest_at_or_before,
    oldest_at_or_after,
    quantile,
    span,
)

EXAMPLES = settings(max_examples=50, deadline=None)

# What a counted process does between two scrapes: it counts some events, or it restarts first.
steps = st.lists(st.tuples(st.booleans(), st.integers(0, 50)), min_size=1, max_size=40)


def scraped(history: list[tuple[bool, int]]) -> list[Sample]:
    """One sample per second of a counter that went through `history`; a restart that counts no less hides itself."""
    samples, value = [], 0
    for second, (restarts, events) in enumerate(history, start=1):
        value = events if restarts and events < value else value + events
        samples.append(Sample(float(second), float(value)))
    return samples


@EXAMPLES
@given(steps)
def test_every_counted_event_is_found_through_any_number_of_restarts(history: list[tuple[bool, int]]) -> None:
    assert increase(scraped(history), 0.0, math.inf) == sum(events for _, events in history)


@EXAMPLES
@given(steps, st.integers(0, 45), st.integers(0, 45), st.integers(0, 45))
def test_windows_side_by_side_add_up_to_the_whole(history: list[tuple[bool, int]], a: int, b: int, c: int) -> None:
    first, middle, last = sorted((a, b, c))
    samples = scraped(history)
    parts = increase(samples, first, middle) + increase(samples, middle, last)
    assert parts == increase(samples, first, last)


@EXAMPLES
@given(steps, st.integers(0, 45), st.integers(0, 45))
def test_a_counter_never_grows_by_less_than_nothing(history: list[tuple[bool, int]], a: int, b: int) -> None:
    assert increase(scraped(history), min(a, b), max(a, b)) >= 0


def test_the_first_value_of_a_series_that_appears_in_the_window_counts() -> None:
    assert increase([Sample(5, 3), Sample(6, 4)], 2, 10) == 4


def test_what_was_counted_before_the_window_does_not_count() -> None:
    assert increase([Sample(1, 100), Sample(3, 103)], 2, 10) == 3


def test_what_was_counted_after_the_window_does_not_count() -> None:
    assert increase([Sample(1, 100), Sample(3, 103), Sample(11, 200)], 2, 10) == 3


def test_the_span_of_some_series_runs_from_the_oldest_to_the_newest_sample_of_any() -> None:
    assert span([Series({}, [Sample(3, 1), Sample(9, 1)]), Series({}, [Sample(2, 1)]), Series({}, [])]) == Span(2, 9)


def test_series_without_samples_have_no_span() -> None:
    assert span([Series({}, [])]) is None


def test_the_newest_sample_that_is_not_too_late_is_found() -> None:
    assert newest_at_or_before([Series({}, [Sample(3, 1), Sample(9, 1)]), Series({}, [Sample(5, 1)])], 8) == 5
    assert newest_at_or_before([], 8) is None


def test_the_oldest_sample_from_a_time_on_is_found_among_all_series() -> None:
    assert oldest_at_or_after([Series({}, [Sample(3, 1), Sample(9, 1)]), Series({}, [Sample(5, 1)])], 4) == 5
    assert oldest_at_or_after([Series({}, [Sample(3, 1)])], 4) is None


def test_buckets_are_summed_over_pods_and_sorted_by_their_edge_however_it_is_written() -> None:
    series = [
        Series({"pod": "a", "le": "+Inf"}, [Sample(1, 0), Sample(2, 4)]),
        Series({"pod": "a", "le": "1.0"}, [Sample(1, 0), Sample(2, 3)]),
        Series({"pod": "b", "le": "1"}, [Sample(1, 0), Sample(2, 2)]),
        Series({"pod": "b", "le": "+Inf"}, [Sample(1, 0), Sample(2, 2)]),
    ]
    assert list(bucket_increases(series, 1, 2).items()) == [(1.0, 5.0), (math.inf, 6.0)]


def test_a_quantile_is_interpolated_in_its_bucket() -> None:
    assert quantile({0.5: 0, 1.5: 10, math.inf: 10}, 0.5) == Quantile(1.0)


def test_a_quantile_above_the_last_finite_edge_is_only_known_to_lie_above_it() -> None:
    assert quantile({0.1: 1, 0.5: 2, math.inf: 10}, 0.99) == Quantile(0.5, at_least=True)


@pytest.mark.parametrize("buckets", [{}, {math.inf: 0.0}, {0.1: 0.0, math.inf: 0.0}])
def test_nothing_observed_has_no_quantile(buckets: dict[float, float]) -> None:
    assert quantile(buckets, 0.5) is None


@EXAMPLES
@given(st.lists(st.integers(0, 100), min_size=1, max_size=8), st.floats(0.01, 1.0))
def test_a_quantile_lies_within_the_edges(growth: list[int], q: float) -> None:
    total, buckets = 0, {}
    for edge, events in enumerate(growth, start=1):
        total += events
        buckets[float(edge)] = float(total)
    found = quantile({**buckets, math.inf: float(total)}, q)
    assert (found is None) == (total == 0)
    assert found is None or 0 <= found.value <= len(growth)
