"""The plot of a budget: at the right height, as wide as asked, and open where there is no data."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.cli.slo.plot import ROWS, Charset, budget_plot

END = 1_790_002_800.0  # 2026-09-21T15:00:00Z
HOUR, DAY = 3600.0, 86_400.0


def plotted(
    left: Sequence[float | None], seconds: float = 28 * DAY, width: int = 49, charset: Charset = "ascii"
) -> list[str]:
    return budget_plot(left, END - seconds, END, width, charset)


def test_a_falling_budget_falls_and_a_gap_stays_open() -> None:
    left = [1.0] * 10 + [0.5] * 10 + [None] * 10 + [0.0] * 10
    assert plotted(left) == [
        "   100% |***********",
        "        |          *",
        "    75% |          *",
        "        |          *",
        "    50% |          **********",
        "        |",
        "    25% |",
        "        |",
        "     0% |                              **********",
        "        ++------------------+-------------------+",
        "         08-24            09-07             09-21",
    ]


def test_the_scale_goes_below_zero_when_more_than_the_budget_was_spent() -> None:
    shown = plotted([1.0] * 20 + [-0.9] * 20)
    assert [line[:8].strip() for line in shown[:ROWS:2]] == ["100%", "50%", "0%", "-50%", "-100%"]
    assert shown[4].startswith("     0% |--------------------*-------------------")


@pytest.mark.parametrize("least", [0.5, 0, -0.01, -1, -7, -99, -1234567.8])
def test_the_lowest_label_is_not_above_the_lowest_value(least: float) -> None:
    label = plotted([1, least])[ROWS - 1].split()[0]
    assert float(label.rstrip("%")) / 100 <= least


def test_braille_shows_more_within_the_same_width() -> None:
    shown = plotted([1.0, 0.75, 0.5, 0.25, 0.0], charset="braille")
    assert shown[0].startswith("   100% │⠉")
    assert shown[ROWS - 1].endswith("⠉")
    assert shown[ROWS].startswith("        └┴──")


@pytest.mark.parametrize(
    ("seconds", "first", "last"),
    [
        (28 * DAY, "08-24", "09-21"),
        (DAY, "09-20 15:00", "09-21 15:00"),
        (HOUR, "14:00", "15:00"),
        (300, "14:55:00", "15:00:00"),
    ],
)
def test_times_are_as_exact_as_the_window_is_long(seconds: float, first: str, last: str) -> None:
    axis = plotted([1.0], seconds)[-1]
    assert axis.strip().startswith(first)
    assert axis.endswith(last)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.none() | st.floats(-1e6, 1), max_size=12),
    st.integers(40, 120),
    st.sampled_from(["ascii", "braille"]),
)
def test_no_line_is_wider_than_asked_and_data_is_shown_just_where_it_is(
    left: list[float | None], width: int, charset: Charset
) -> None:
    shown = plotted(left, width=width, charset=charset)
    assert len(shown) == ROWS + 2
    assert max(map(len, shown)) <= width
    drawn = {character for line in shown[:ROWS] for character in line[9:] if character not in " -┈"}
    assert bool(drawn) == any(one is not None for one in left)
    if charset == "ascii":
        assert all(line.isascii() for line in shown)
