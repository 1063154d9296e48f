"""Durations as Prometheus writes them: read back as they were written, and anything else refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slos.duration import DurationError, format_duration, parse_duration, scaled

EXAMPLES = settings(max_examples=12, deadline=None)


@EXAMPLES
@given(st.integers(1, 10**12))
def test_a_duration_that_is_written_reads_back_the_same(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds / 1000)) == milliseconds / 1000


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5m", 300),
        ("1h30m", 5400),
        ("30d", 2_592_000),
        ("2w", 1_209_600),
        ("1y", 31_536_000),
        ("1y2w3d4h5m6s7ms", 31_536_000 + 1_209_600 + 259_200 + 14_400 + 306.007),
        ("90m", 5400),
        ("83ms", 0.083),
        ("0h5m", 300),
    ],
)
def test_every_unit_is_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "5",
        "5 m",
        "m5",
        "5m1h",
        "5m5m",
        "-5m",
        "+5m",
        "1.5h",
        "5M",
        "5min",
        "1h 30m",
        "5m\n",
        "٥m",
        "inf",
        "0x5m",
    ],
)
def test_anything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(DurationError, match="is no duration: write it like 30s, 5m, 1h30m or 28d"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["0s", "0d0h", "0ms"])
def test_a_duration_of_nothing_is_refused(text: str) -> None:
    with pytest.raises(DurationError, match="duration of nothing"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (300, "5m"),
        (5400, "1h30m"),
        (604_800, "7d"),
        (2_419_200, "28d"),
        (0.083, "83ms"),
        (86_399.999, "23h59m59s999ms"),
    ],
)
def test_the_largest_units_are_written_first(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize("seconds", [0, -1, 0.0004])
def test_what_is_below_a_millisecond_cannot_be_written(seconds: float) -> None:
    with pytest.raises(ValueError, match="no duration below 1 ms"):
        format_duration(seconds)


def test_time_scale_divides_windows_exactly_to_the_millisecond() -> None:
    assert scaled(300, 60) == 5
    assert scaled(30 * 86_400, 60) == 12 * 3600
    assert scaled(300, 1) == 300
    assert scaled(300, 7) == 42.857


@EXAMPLES
@given(st.integers(1, 10**10), st.floats(1, 1e4))
def test_a_scaled_window_is_off_by_half_a_millisecond_at_most(seconds: int, time_scale: float) -> None:
    assert abs(scaled(seconds, time_scale) - seconds / time_scale) <= 0.0005 + 1e-9 * seconds


@pytest.mark.parametrize("text", ["101y", "99999999999y", "9" * 5000 + "s", "1h" + "0" * 5000 + "1m"])
def test_what_prometheus_cannot_count_is_refused_in_few_words(text: str) -> None:
    with pytest.raises(DurationError, match="100y") as refused:
        parse_duration(text)
    assert len(str(refused.value)) < 120
