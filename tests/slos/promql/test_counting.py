"""Queries that count events, and those that do not."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slos.promql.counting import counts_expression, fixed_ranges, gives_scalar, shape, vector_ratio
from slos.promql.language import PromqlError, parse, selectors

W = "[{{.window}}]"
COUNTERS = ("x", "(x)", 'sum(x{a="b"})', f"increase(x{W})", f"sum(rate(x{W}))", f"sum(rate(x{W})) or vector(0)")


@pytest.mark.parametrize(
    ("query", "expression"),
    [
        ("x", "sum(increase(x[5m]))"),
        ('sum(x{code=~"5..",a="\\"\\\\"})', 'sum(increase(x{code=~"5..",a="\\"\\\\"}[5m]))'),
        ("(sum by () ((x)))", "sum(increase(x[5m]))"),
        ('{__name__="x"}', "sum(increase(x[5m]))"),
        (f"sum(increase(x{W})) # all", "sum(increase(x[5m]))"),
        (f"increase(x{W})", "sum(increase(x[5m]))"),
        (f"sum(rate(x{W}))", "(sum(rate(x[5m]))) * 300"),
        ("sum(rate(x[{{ .window }}])) or vector(0)", "(sum(rate(x[5m])) or vector(0)) * 300"),
        (f"sum(increase(x{W})) - sum(increase(y{W}))", "sum(increase(x[5m])) - sum(increase(y[5m]))"),
        (f"count_over_time(up{W})", "sum(count_over_time(up[5m]))"),
        (f"60 * (sum(rate(x{W})) / (2 * 30))", "(60 * (sum(rate(x[5m])) / (2 * 30))) * 300"),
        (f"clamp_min(sum(increase(x{W})), 0)", "clamp_min(sum(increase(x[5m])), 0)"),
        ("sum(sum_over_time((x > bool rate(y[1m]))[{{.window}}:1m]))",) * 2,
    ],
)
def test_a_counter_query_becomes_a_count_over_a_window(query: str, expression: str) -> None:
    assert counts_expression(query, 300) == expression.replace("{{.window}}", "5m")


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(COUNTERS), st.integers(1, 40 * 86_400))
def test_a_count_is_always_promql_of_one_series_over_that_window(query: str, seconds: int) -> None:
    expression = counts_expression(query, seconds)
    assert shape(parse(expression)) == "one"
    assert {selector.range_seconds for selector in selectors(expression)} == {seconds}
    assert f"* {seconds}" in expression or "rate" not in expression


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("sum by (code) (x)", "gives a series for each group"),
        ("sum without (code) (x)", "gives a series for each group"),
        (f"sum by (code) (rate(x{W}))", "gives a series for each group"),
        ("sum(rate(x[5m]))", "has a fixed range, but is read over many windows; write [{{.window}}]"),
        (f"sum(increase(x{W})) + sum(increase(y[5m]))", "one of the query's ranges is fixed"),
        (f"sum(increase(x{W})) + sum(y)", "a selector in the query has no range; write increase(x[{{.window}}])"),
        (f"sum(irate(x{W}))", "irate() does not count events; use increase"),
        (f"sum(rate(x{W})) - sum(increase(y{W}))", "mixes events per second (rate) with events"),
        (f"sum(rate(x{W})) / sum(rate(y{W}))", "is a ratio, not a number of events"),
        (f"increase(x{W}) - increase(y{W})", "a series for each set of labels; put sum(...) around it"),
        (f"max(increase(x{W}))", "max() of counts is no number of events; use sum(...)"),
        (f"sum(avg by (pod) (increase(x{W})))", "avg() of counts is no number of events; use sum(...)"),
        (f"count(increase(x{W}))", "count() of counts"),
        (f"sum(increase(x{W})) == bool 1", "the result of a comparison is no number of events; leave `==` away"),
        (f"sum(increase(x{W}) > 0)", "the result of a comparison"),
        (f"sum(increase(x{W})) + 1", "a constant in the query is no number of events; leave it away"),
        (f"sum(increase(x{W})) + vector(0)", "a constant in the query"),
        (f"sum(increase(x{W})) or vector(1)", "a constant in the query"),
        (f"vector(0) or sum(increase(x{W}))", "a constant in the query"),
        (f"-sum(increase(x{W}))", "a number of events is not negative; leave the minus sign away"),
        (f"sum(increase(x{W})) * -1", "`*` does not give a number of events; add counts, or multiply one by a number"),
        (f"1 / sum(increase(x{W}))", "`/` does not give a number of events"),
        (f"sum(increase(x{W})) * sum(increase(x{W}))", "`*` does not give a number of events"),
        (f"100 * sum(rate(x{W})) / sum(rate(y{W}))", "is a ratio, not a number of events"),
        (f"1 - sum(rate(x{W})) / sum(rate(y{W}))", "is a ratio, not a number of events"),
        (f"sum(increase(x{W} offset 1h))", "the selector is shifted in time (offset or @); leave the shift away"),
        (f"sum(increase(x{W} @ end()))", "the selector is shifted in time"),
        ("sum(sum_over_time(x[{{.window}}:1m] offset 1m))", "the selector is shifted in time"),
        (f"round(sum(increase(x{W})))", "round() of counts is no number of events; leave round() away"),
        ("max(x)", "no counter that events could be read from; write a counter's selector"),
        ("1", "no counter"),
        ("x offset 5m", "shifted in time"),
        ("x @ 5", "shifted in time"),
        ("sum(x", "does not parse"),
    ],
)
def test_what_does_not_count_events_is_refused_with_what_to_write(query: str, said: str) -> None:
    with pytest.raises(PromqlError, match=re.escape(said)):
        counts_expression(query, 300)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("x", "many"),
        ("topk(3, x)", "many"),
        ("sum(x) or vector(0)", "one"),
        ("sum(x) and sum by (a) (x)", "one"),
        ("sum by (a) (x) + 1", "grouped"),
        ("histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))", "one"),
        ("histogram_quantile(0.9, sum by (le, a) (rate(x_bucket[5m])))", "grouped"),
        ("sum by (le) (x)", "grouped"),
        ("time() - max(x)", "one"),
        ("scalar(x)", "one"),
    ],
)
def test_the_shape_of_a_query_is_told_by_its_text(query: str, expected: str) -> None:
    assert shape(parse(query)) == expected


def test_fixed_ranges_are_told_from_those_inside_a_window() -> None:
    assert fixed_ranges(f"sum(rate(x{W})) / sum(rate(y[5m]))")
    assert not fixed_ranges("avg_over_time(rate(x[5m])[{{.window}}:1m])")


def test_a_ratio_of_vectors_is_told_from_a_unit() -> None:
    assert vector_ratio(parse("(sum(a) / sum(b))")) is not None
    assert vector_ratio(parse("sum(a) / 1000")) is None


def test_a_scalar_is_told_from_a_vector() -> None:
    assert gives_scalar(parse("-(scalar(x) + 1)"))
    assert not gives_scalar(parse("vector(1) + 1"))
