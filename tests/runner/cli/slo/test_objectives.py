"""Objectives to try: for all SLOs, for one, and what is said about the rest."""

import re

import click
import pytest

from runner.cli.slo.objectives import changed_objectives

NAMES = ("a", "b=c")


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ((), {}),
        (("99.5",), {"a": 0.995, "b=c": 0.995}),
        (("99.5%",), {"a": 0.995, "b=c": 0.995}),
        (("a=99",), {"a": 0.99}),
        (("99.5", "b=c=95"), {"a": 0.995, "b=c": 0.95}),
    ],
)
def test_objectives_are_percent_for_all_or_for_one(texts: tuple[str, ...], found: dict[str, float]) -> None:
    assert changed_objectives(texts, NAMES) == pytest.approx(found)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("0.995",), "write a percentage such as 99.5, not a ratio"),
        (("100",), "leaves no error budget"),
        (("high",), "is no percentage: write it like 99.5"),
        (("-5",), "is no percentage"),
        (("a=",), "'' is no percentage"),
        (("d=99",), "no SLO 'd' is declared in the files: there are a, b=c"),
        (("99", "98"), "'98' is a second objective for all SLOs: write NAME=98"),
        (("a=99", "a=98"), "a has two objectives"),
    ],
)
def test_anything_else_is_bad_usage(texts: tuple[str, ...], said: str) -> None:
    with pytest.raises(click.BadParameter, match=re.escape(said)):
        changed_objectives(texts, NAMES)
