import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.report import wording


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.001, "less than 0.01 s"),
        (0.42, "0.42 s"),
        (0.9951, "1.0 s"),
        (8.34, "8.3 s"),
        (99.96, "1 min 40 s"),
        (125, "2 min 5 s"),
        (120, "2 min"),
        (3599.6, "1 h"),
        (3720, "1 h 2 min"),
        (86_399, "1 d"),
        (273_600, "3 d 4 h"),
    ],
)
def test_a_span_is_told_in_the_units_that_suit_it(seconds: float, words: str) -> None:
    assert wording.span(seconds) == words


@given(st.floats(min_value=-1e9, max_value=1e9))
def test_every_span_has_words(seconds: float) -> None:
    assert wording.span(seconds)
    assert wording.offset(seconds)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "0%"),
        (0.0000001, "less than 0.001%"),
        (0.00011, "0.011%"),
        (0.0004, "0.04%"),
        (0.0113, "1.1%"),
        (0.02, "2%"),
        (0.0996, "10%"),
        (0.5, "50%"),
        (5.176, "518%"),
        (12.5, "1,250%"),
    ],
)
def test_a_share_has_two_digits_and_is_never_rounded_to_nothing(share: float, words: str) -> None:
    assert wording.percent(share) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (1.0, "100%"),
        (0.99999, "99.999%"),
        (1 - 1e-12, "over 99.99999%"),
        (0.9281, "92.8%"),
        (0.875, "87.5%"),
        (0.28, "28%"),
        (0.0, "0%"),
        (-0.1, "0%"),
    ],
)
def test_only_all_good_events_are_100_percent(share: float, words: str) -> None:
    assert wording.good_share(share) == words


@given(st.floats(min_value=0, max_value=1, exclude_max=True))
def test_no_bad_event_is_hidden(share: float) -> None:
    assert wording.good_share(share) != "100%"


@pytest.mark.parametrize(("share", "words"), [(0.9995, "99.95%"), (0.99, "99%"), (0.999999, "99.9999%")])
def test_an_objective_has_the_digits_that_it_was_declared_with(share: float, words: str) -> None:
    assert wording.objective(share) == words


@pytest.mark.parametrize(
    ("name", "words"), [("28d", "28 days"), ("1d", "1 day"), ("4w", "4 weeks"), ("month", "month"), ("", "")]
)
def test_a_window_is_told_in_words(name: str, words: str) -> None:
    assert wording.window(name) == words


def test_a_time_of_day_has_tenths_and_is_never_rounded_into_the_next_second() -> None:
    assert wording.clock(1_795_375_614.99) == "19:26:54.9"


@pytest.mark.parametrize(("seconds", "words"), [(90, "90 s"), (0.5, "0.5 s"), (120, "2 min"), (2.5, "2.5 s")])
def test_a_limit_is_told_as_it_was_declared(seconds: float, words: str) -> None:
    assert wording.limit(seconds) == words


def test_a_sentence_begins_with_a_capital_and_ends_with_a_stop() -> None:
    assert wording.sentence("it is so") == "It is so."
    assert wording.sentence("is it so?") == "Is it so?"
