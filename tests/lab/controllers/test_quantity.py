from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.controllers.quantity import milli


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("2", 2000),
        (2, 2000),
        ("100m", 100),
        ("0.5", 500),
        (".5", 500),
        ("5.", 5000),
        ("1.0001", 1001),
        ("1n", 1),
        ("1500u", 2),
        ("1k", 10**6),
        ("1Ki", 1024 * 1000),
        ("16Gi", 16 * 1024**3 * 1000),
        ("1.5Gi", 1536 * 1024**2 * 1000),
        ("1E", 10**21),
        ("1e3", 10**6),
        ("1E3", 10**6),
        ("25e-1", 2500),
        ("-1500m", -1500),
        (1.5, 1500),
    ],
)
def test_quantities_are_read_as_kubernetes_reads_them(text: str | float, expected: int) -> None:
    assert milli(text) == expected


@pytest.mark.parametrize("text", ["", ".", "-", "abc", "1 Gi", "1gi", "1Kii", "1e3Ki", "Gi", "1e"])
def test_what_is_no_quantity_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="not a Kubernetes quantity"):
        milli(text)


@settings(deadline=None)
@given(st.decimals(min_value=0, max_value=10**9, places=6))
def test_a_fraction_is_rounded_up_by_less_than_one_thousandth(value: object) -> None:
    exact = Fraction(str(value)) * 1000
    assert exact <= milli(f"{value:f}") < exact + 1
