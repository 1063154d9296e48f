"""Reading PromQL: windows are put where they belong, and what is read is what stands there."""

import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slos.duration import format_duration
from slos.promql.language import (
    PromqlError,
    at_window,
    edge_texts,
    edges_matched,
    has_window,
    histogram_buckets,
    parse,
    selectors,
)
from slos.promql.selectors import LabelMatcher, MatchOp, Selector, quoted

EXAMPLES = settings(max_examples=15, deadline=None)
NAMES = st.text("abXY_:7", max_size=8).map(lambda rest: "m" + rest)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
MATCHERS = st.builds(
    LabelMatcher,
    st.text("abXY_7", max_size=8).map(lambda rest: "l" + rest),
    st.sampled_from(["=", "!="]),
    TEXTS,
)


@EXAMPLES
@given(NAMES, st.lists(MATCHERS, max_size=3))
def test_a_selector_is_read_as_it_was_written(name: str, matchers: list[LabelMatcher]) -> None:
    (read,) = selectors(str(Selector(name, tuple(matchers))))
    assert (read.name, read.matchers) == (name, tuple(matchers))


@pytest.mark.parametrize(
    "text", ["\x00", "\x1f", "\x7f", "\x85", '"', "\\", "\n", "\u2028", "\ufffd", "\U0001f600", "é"], ids=ascii
)
def test_every_character_is_quoted_as_promql_reads_it(text: str) -> None:
    """Half a surrogate pair, which JSON would write for some, is no character to Prometheus."""
    (read,) = selectors(f"x{{a={quoted(text)}}}")
    assert read.matchers == (LabelMatcher("a", "=", text),)


@EXAMPLES
@given(TEXTS)
def test_strings_and_comments_hide_what_looks_like_a_window(text: str) -> None:
    query = f"sum(rate(x{{a={quoted('[{{.window}}]' + text)}}}[5m])) # [{{{{.window}}}}]"
    assert not has_window(query)
    assert selectors(query)[0].matchers[0].value == "[{{.window}}]" + text
    assert at_window(query, 60) == query.rpartition("# [")[0]


@EXAMPLES
@given(st.integers(1, 10**9))
def test_a_window_of_any_length_is_put_in_and_parses(milliseconds: int) -> None:
    query = at_window("sum(rate(x[{{ .window }}]))", milliseconds / 1000)
    (selector,) = selectors(query)
    assert selector.range_seconds == pytest.approx(milliseconds / 1000)
    assert f"[{format_duration(milliseconds / 1000)}]" in query


@EXAMPLES
@given(st.text('xab(){}[]=~!"`#:,.5msr+- or{{.window}}\\\n', max_size=40) | st.text(max_size=40))
def test_no_text_breaks_the_parser(text: str) -> None:
    with suppress(PromqlError):
        parse(text)


@pytest.mark.parametrize("query", ["-" * 20_000 + "x", "a+" * 9_000 + "a", "(" * 5_000 + "x" + ")" * 5_000])
def test_a_query_that_would_crash_the_parser_is_refused(query: str) -> None:
    with pytest.raises(PromqlError, match="more than 400 operators and brackets"):
        parse(query)


def test_a_long_query_that_is_not_deep_is_read() -> None:
    query = " or ".join(f'requests_total{{job="a-{index}-b-c-d"}}' for index in range(100))
    assert len(selectors(query)) == 100


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("sum(rate(x[5m])", "PromQL does not parse: unclosed left parenthesis"),
        ("rate(x)", "expected type matrix in call to function 'rate'"),
        ("", "no expression found"),
        ("rate(x[{{.slo}}])", "of templates only {{.window}} is replaced"),
        ("rate(x[{{.window}}m])", "{{.window}} stands for a range; write it in brackets"),
        ('x{a="b" or c="d"}', "`or` between matchers"),
        ('x{a="b"or c="d"}', "`or` between matchers"),
    ],
)
def test_what_is_no_promql_is_refused_with_a_remedy(query: str, said: str) -> None:
    with pytest.raises(PromqlError, match=re.escape(said)):
        parse(query)


def test_a_selector_tells_what_reads_it_and_how_far_back() -> None:
    query = "max_over_time(rate(a[5m] offset 1h)[1d:1m]) + b offset 2h + c @ end() + absent(d)"
    a, b, c, d = selectors(query)
    assert (a.name, a.function, a.range_seconds, a.reach_seconds, a.shifted) == ("a", "rate", 300, 90_300, True)
    assert (b.name, b.function, b.range_seconds, b.reach_seconds, b.shifted) == ("b", None, None, 7200, True)
    assert (c.shifted, d.function) == (True, "absent")


@pytest.mark.parametrize(
    ("op", "value", "matches_empty"),
    [("=", "", True), ("=", "a", False), ("!=", "a", True), ("=~", "a|", True), ("=~", "a+", False), ("!~", "a", True)],
)
def test_a_condition_knows_whether_a_series_without_its_label_meets_it(
    op: MatchOp, value: str, matches_empty: bool
) -> None:
    assert LabelMatcher("a", op, value).matches_empty is matches_empty


@EXAMPLES
@given(st.floats(1e-9, 1e15))
def test_an_edge_is_found_however_it_is_written(edge: float) -> None:
    texts = edge_texts(edge)
    assert {float(text) for text in texts} == {edge}
    (bucket, count) = histogram_buckets("x_seconds", edge)
    (read,) = selectors(bucket)
    assert edges_matched(read) == frozenset({edge})
    pattern = read.matchers[-1].value
    if read.matchers[-1].op == "=~":
        assert all(re.fullmatch(pattern, text) for text in (*texts, str(edge)))
    assert count == "x_seconds_count"


def test_an_edge_is_matched_as_clients_of_every_language_write_it() -> None:
    assert edge_texts(0.5) == ("0.5",)
    assert edge_texts(1) == ("1", "1.0")
    assert edge_texts(1e6) == ("1000000", "1000000.0", "1e+06", "1.0E6")
    assert edge_texts(1e-5) == ("0.00001", "1e-05", "1.0E-5")
    assert edge_texts(float("inf")) == ("+Inf",)


def test_a_histograms_own_conditions_hold_for_its_buckets_and_its_count() -> None:
    bucket, count = histogram_buckets('(ttft_seconds{job="a\\"b"})', 1)
    assert bucket == 'ttft_seconds_bucket{job="a\\"b",le=~"1|1\\\\.0"}'
    assert count == 'ttft_seconds_count{job="a\\"b"}'


@pytest.mark.parametrize(
    ("histogram", "said"),
    [
        ("x_seconds_bucket", "a part of a histogram, not its base name; write x_seconds"),
        ("x_seconds_count", "write x_seconds"),
        ('x_seconds{le="1"}', "le is set by the threshold"),
        ("rate(x_seconds[5m])", "no plain selector"),
        ('{job="a"}', "selected by its name"),
        ("x_seconds offset 5m", "without offset"),
    ],
)
def test_what_is_no_histogram_is_refused(histogram: str, said: str) -> None:
    with pytest.raises(PromqlError, match=re.escape(said)):
        histogram_buckets(histogram, 1)


@pytest.mark.parametrize(
    ("pattern", "edges"),
    [("1|1\\.0", {1}), ("(1|1\\.0)", {1}), ("1(\\.0)?", {1}), ("1|2", {1, 2}), (".*", set()), ("0\\.5", {0.5})],
)
def test_the_edges_of_a_pattern_are_told(pattern: str, edges: set[float]) -> None:
    assert edges_matched(Selector("x_bucket", (LabelMatcher("le", "=~", pattern),))) == (frozenset(edges) or None)
