import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.controllers.percent import resolve


@pytest.mark.parametrize(
    ("value", "total", "up", "expected"),
    [
        (3, 10, True, 3),
        ("3", 10, True, 3),
        ("25%", 10, True, 3),
        ("25%", 10, False, 2),
        ("0%", 7, True, 0),
        ("100%", 7, False, 7),
    ],
)
def test_numbers_and_percentages(value: int | str, total: int, up: bool, expected: int) -> None:
    assert resolve(value, total, up=up) == expected


@settings(deadline=None)
@given(st.integers(0, 100), st.integers(0, 10_000))
def test_rounding_up_and_down_differ_by_at_most_one(percent: int, total: int) -> None:
    down, up = (resolve(f"{percent}%", total, up=way) for way in (False, True))
    assert down <= percent * total / 100 <= up
    assert up - down <= 1
