"""Evenly spaced values are read in as few queries as Prometheus lets, each at its place, with gaps left open."""

import pytest

from clients.prometheus import PrometheusError
from runner.slo.range_reading import POINTS_PER_QUERY, ManySeriesError, Steps, read_steps, steps_until
from tests.runner.slo.fake_history import FakeHistory


def test_the_last_step_is_at_the_end_and_they_tile_what_is_asked_for() -> None:
    assert steps_until(10_000.5, 300, 28 * 86_400) == Steps(10_000_500 - 8063 * 300_000, 300_000, 8064)
    assert steps_until(10_000, 5, 12) == Steps(9_995_000, 5000, 2)
    assert steps_until(10_000, 300, 1) == Steps(10_000_000, 300_000, 1)


def test_values_are_at_their_places_and_gaps_stay_open() -> None:
    history = FakeHistory(lambda _: [("", lambda at: None if at % 3 == 0 else at)])
    read = []
    found = read_steps(history.as_prometheus(), "q", Steps(1000, 1000, 25_000), lambda: read.append(1))
    assert found == {"": [None if at % 3 == 0 else float(at) for at in range(1, 25_001)]}
    assert len(history.ranges) == len(read) == Steps(1000, 1000, 25_000).queries == 3
    assert all(round((end - start) / step) < POINTS_PER_QUERY for _, start, end, step in history.ranges)


def test_a_series_that_begins_late_has_gaps_before() -> None:
    history = FakeHistory(lambda _: [("x", lambda at: at if at > 20_000 else None), ("y", lambda _: 1)])
    found = read_steps(history.as_prometheus(), "q", Steps(1000, 1000, 20_001))
    assert found["x"] == [None] * 20_000 + [20_001]
    assert found["y"] == [1] * 20_001


def test_nothing_is_nothing() -> None:
    assert read_steps(FakeHistory(lambda _: []).as_prometheus(), "q", Steps(0, 1000, 5)) == {}


def test_several_series_of_a_name_are_refused() -> None:
    history = FakeHistory(lambda _: [("", lambda _: 1), ("", lambda _: 2)])
    with pytest.raises(ManySeriesError, match="2 series where there is one to read"):
        read_steps(history.as_prometheus(), "q", Steps(0, 1000, 5))


def test_partial_data_is_no_data() -> None:
    history = FakeHistory(lambda _: [("", lambda _: 1)], warnings=("store 1 is unavailable",))
    with pytest.raises(PrometheusError, match="data may be missing: store 1 is unavailable"):
        read_steps(history.as_prometheus(), "q", Steps(0, 1000, 5))
