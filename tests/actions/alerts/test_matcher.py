import pytest

from actions.alerts.matcher import Matcher, MatcherError, all_match, read_matcher, read_matchers


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('severity="page"', Matcher("severity", "=", "page")),
        ("severity=page", Matcher("severity", "=", "page")),
        (' severity != "page" ', Matcher("severity", "!=", "page")),
        ('slo=~"llm-.*|ranker"', Matcher("slo", "=~", "llm-.*|ranker")),
        ("slo!~a.b", Matcher("slo", "!~", "a.b")),
        ('a=""', Matcher("a", "=", "")),
        ("a=", Matcher("a", "=", "")),
        (r'a="say \"hi\"\n\\ \d"', Matcher("a", "=", 'say "hi"\n\\ \\d')),
        ('a="x=~y"', Matcher("a", "=", "x=~y")),
        ("a=b\\", Matcher("a", "=", "b\\")),
    ],
)
def test_a_matcher_is_read_as_alertmanager_reads_it(text: str, wanted: Matcher) -> None:
    assert read_matcher(text) == wanted


@pytest.mark.parametrize("text", ["", "page", '0a="b"', 'a="b', 'a=b"', 'a="b"c"', "a~b", 'a=~"("'])
def test_what_is_no_matcher_is_refused(text: str) -> None:
    with pytest.raises(MatcherError):
        read_matcher(text)


def test_matchers_are_divided_by_commas_outside_of_quotes() -> None:
    wanted = (Matcher("a", "=", "x,y"), Matcher("b", "!=", 'q",'))
    assert read_matchers('{a="x,y", b!="q\\","}') == wanted
    assert read_matchers("") == ()


@pytest.mark.parametrize("matcher", ['a="b,c{}"', 'a!~"x|y"', r'a="\"\\"', 'a="two\\nlines"'])
def test_a_matcher_that_is_written_is_read_as_the_same(matcher: str) -> None:
    assert read_matcher(str(read_matcher(matcher))) == read_matcher(matcher)


@pytest.mark.parametrize(
    ("matcher", "value", "fits"),
    [
        ('a="x"', "x", True),
        ('a="x"', "", False),
        ('a=""', "", True),
        ('a!="x"', "", True),
        ('a=~"x|y"', "y", True),
        ('a=~"x"', "xy", False),
        ('a=~"x.*"', "x\ny", False),
        ('a=~"(?s)x.*"', "x\ny", True),
        ('a!~"x.*"', "", True),
        ('a=~"x$"', "x\n", False),
        ('a=~"[[:alpha:]]+"', "xyz", True),
        ('a=~"[[:digit:]-]+"', "1-2", True),
        ('a=~"[[:alpha:]]"', ":", False),
        ('a=~"[]x]+"', "]x", True),
        ('a=~"a{,2}"', "a{,2}", True),
        ('a=~"a{,2}"', "aa", False),
        (r'a=~"\d"', "٣", False),
        ('a=~"(?i)PAGE"', "page", True),
    ],
)
def test_values_fit_as_they_do_in_alertmanager(matcher: str, value: str, fits: bool) -> None:
    assert read_matcher(matcher).matches({"a": value} if value else {}) is fits


@pytest.mark.parametrize("expression", [r"\pL+", r"\Qa.b\E", r"a\z", "x(?i)y", "[[:^alpha:]]"])
def test_an_expression_that_python_cannot_tell_is_refused_and_not_guessed(expression: str) -> None:
    with pytest.raises(MatcherError, match="amtool"):
        Matcher("a", "=~", expression)


def test_every_matcher_has_to_fit() -> None:
    both = read_matchers('a="x", b!="y"')
    assert all_match(both, {"a": "x"})
    assert not all_match(both, {"a": "x", "b": "y"})
    assert all_match((), {})
