"""`--at`: what is understood, and what is said about the rest."""

import re

import click
import pytest

from runner.cli.slo.at_time import AtTimeError, at_or_now, parse_at

NOW = 1_795_352_400.0  # 2026-11-22T13:00:00Z


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-22T12:20:00Z", NOW - 2400),
        ("2026-11-22t12:20:00z", NOW - 2400),
        ("2026-11-22 12:20:00+00:00", NOW - 2400),
        ("2026-11-22T14:20:00+02:00", NOW - 2400),
        ("2026-11-22T12:20:00.25Z", NOW - 2399.75),
        ("1795350000", NOW - 2400),
        ("1795350000.5", NOW - 2399.5),
        ("2h", NOW - 7200),
        ("3d30m", NOW - 3 * 86400 - 1800),
        (" 90s ", NOW - 90),
    ],
)
def test_times_and_ages_are_understood(text: str, at: float) -> None:
    assert parse_at(text, NOW) == at


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-11-22T13:00:00", "does not say in which time zone: append Z"),
        ("2026-11-22", "does not say in which time zone"),
        ("2026-11-22T13:20:00Z", "1200 s in the future"),
        ("1795352401", "1 s in the future"),
        ("1795350000000", "looks like milliseconds: write seconds, 1795350000.000"),
        ("30", "an age needs a unit, such as 30m"),
        ("90y", "long before there was anything to read"),
        ("1999-01-01T00:00:00Z", "long before there was anything to read"),
        ("2h5", "'2h5' is no duration"),
        ("30m2h", "'30m2h' is no duration"),
        ("0s", "is a duration of nothing"),
        ("-2h", "is no time: write a time such as"),
        ("yesterday", "'yesterday' is no time"),
        ("2026-02-30T00:00:00Z", "is no time"),
        ("", "'' is no time"),
        ("nan", "'nan' is no time"),
    ],
)
def test_anything_else_is_refused_with_a_remedy(text: str, said: str) -> None:
    with pytest.raises(AtTimeError, match=re.escape(said)):
        parse_at(text, NOW)


def test_an_absurdly_long_number_is_refused() -> None:
    with pytest.raises(AtTimeError, match="in the future"):
        parse_at("9" * 400, NOW)


def test_a_bad_option_is_a_usage_error_of_at() -> None:
    with pytest.raises(click.BadParameter) as caught:
        at_or_now("soon")
    assert caught.value.param_hint == "--at"
    assert caught.value.exit_code == 2


def test_without_the_option_it_is_now() -> None:
    before = at_or_now("1s")
    assert before < at_or_now(None)
