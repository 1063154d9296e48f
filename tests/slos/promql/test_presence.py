"""What is known of a counter query when series that it reads are missing."""

import pytest

from slos.promql.presence import added_without_default, hides_absence, presence

W = "[{{.window}}]"
ALL, LATE, FAILED = (f"sum(increase({name}{W}))" for name in ("requests", "late", "failed"))


@pytest.mark.parametrize(
    "query",
    ["x", 'sum(x{a="b"})', f"{ALL} or vector(0)", f"2 * {ALL}", f"{ALL} - {ALL}", f"({ALL} or {LATE}) or vector(0)"],
)
def test_without_its_one_counter_a_query_has_counted_nothing(query: str) -> None:
    assert presence(query).of_one_counter


@pytest.mark.parametrize(
    ("query", "needs"),
    [
        (f"{ALL} - {LATE}", {"requests", "late"}),
        (f"{ALL} - ({LATE} or vector(0)) + ({FAILED} or vector(0))", {"requests"}),
        (f"({ALL} or vector(0)) + (vector(0) or {LATE})", set()),
        (f"{ALL} + {LATE} or vector(0)", set()),
        (f"({ALL} + {LATE}) or {FAILED}", None),
        (f"sum(increase(requests{W}) - increase(late{W}))", None),
        (f"{ALL} unless {LATE}", None),
        (f"{ALL} - sum(count_over_time(up{W}))", None),
    ],
)
def test_a_query_of_several_counters_needs_those_without_a_default(query: str, needs: set[str] | None) -> None:
    found = presence(query)
    assert not found.of_one_counter
    assert found.needs == needs
    assert found.always == (needs == set())


def test_one_query_implies_another_that_needs_no_more() -> None:
    late = presence(f"{ALL} - ({LATE} or vector(0))")
    assert late.implied_by(presence("requests"))
    assert late.implied_by(presence(f"{ALL} + {FAILED}"))
    assert not late.implied_by(presence("answers"))
    assert not presence(f"{ALL} unless {LATE}").implied_by(presence("requests"))
    assert presence(f"{ALL} + {LATE} or vector(0)").implied_by(presence(f"{ALL} unless {LATE}"))


def test_a_default_around_several_counters_hides_that_one_is_missing() -> None:
    assert hides_absence(f"({ALL} - {LATE}) or vector(0)")
    assert not hides_absence(f"{ALL} or vector(0)")
    assert not hides_absence(f"({ALL} or {LATE}) or vector(0)")
    assert not hides_absence(f"{ALL} - ({LATE} or vector(0))")


def test_what_is_added_without_a_default_is_named() -> None:
    assert added_without_default(f"{LATE} + ({FAILED})") == ("failed", "late")
    assert added_without_default(f"{LATE} + ({FAILED} or vector(0))") == ("late",)
    assert added_without_default(f"{ALL} - {LATE} + {FAILED}") == ("failed",)
    assert added_without_default(LATE) == ()
