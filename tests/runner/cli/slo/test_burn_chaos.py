"""What the on-call's page says of chaos runs."""

import io

import pytest

from runner.allowance.month import Spending
from runner.cli.slo.burn import _allowed
from runner.cli.slo.burn_chaos import chaos_spending
from runner.cli.slo.page import Page
from runner.runs.chaos import ChaosRun
from runner.slo.attribution import Attribution, RunCost

NOVEMBER = 1_793_491_200.0


def cost(number: int, spent: Spending, verdict: str = "held") -> RunCost:
    at = NOVEMBER + number * 60
    return RunCost(ChaosRun(f"r{number}", f"LLM pod {number}", at, at + 30, verdict, 1, "here"), spent)


def shown(found: Attribution, top: int = 5) -> list[str]:
    file = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    Page(file).print(*chaos_spending(found, "28d", top))
    file.seek(0)
    return file.read().splitlines()


def test_window_and_month_are_told_with_what_is_allowed_and_run_by_run() -> None:
    costs = (cost(1, Spending(0.02)), cost(2, Spending(0.0125)))
    lines = shown(Attribution(Spending(0.0325), costs, 0.05, NOVEMBER, Spending(0.0125), 0.2))
    text = " ".join(lines)
    assert "Chaos runs of this window spent 3.25% (2 runs), and 1.25%" in text
    assert "1.25% since 2026-11-01, of 20% allowed." in text
    assert "These are shares of the budget of a whole 28d of this traffic." in text
    assert "While they were on, 5.0% of the budget of what was seen so far was spent, by whatever it was." in text
    rows = [line.split() for line in lines]
    assert ["LLM", "pod", "1", "held", "2026-11-01", "00:01:00", "2.00%"] in rows


def test_what_is_assumed_is_told_as_the_most_that_it_may_be() -> None:
    assumed = Spending(0.01, 0.04)
    text = " ".join(shown(Attribution(assumed, (cost(1, assumed, "died"),), 0.0, NOVEMBER, assumed, None)))
    assert "Chaos runs of this window spent up to 5.00% (1 run)" in text
    assert "allowed" not in text


def test_an_allowance_that_is_overspent_is_said() -> None:
    spent = Spending(0.3)
    text = " ".join(shown(Attribution(spent, (cost(1, spent),), 0.3, NOVEMBER, spent, 0.2)))
    assert "more than chaos is allowed this month" in text


def test_of_many_runs_the_costliest_are_told_and_the_rest_in_sum() -> None:
    costs = tuple(cost(number, Spending(0.01)) for number in range(4))
    lines = [
        line.split() for line in shown(Attribution(Spending(0.04), costs, 0.04, NOVEMBER, Spending(), None), top=1)
    ]
    assert ["the", "rest:", "3", "more", "3.00%"] in lines


def test_without_runs_one_line_says_so() -> None:
    text = " ".join(shown(Attribution(Spending(), (), 0.0, NOVEMBER, Spending(), None)))
    said = "Chaos runs of this window spent 0.00% (0 runs), and 0.00% since 2026-11-01."
    assert text == f"{said} These are shares of the budget of a whole 28d of this traffic."


def test_an_allowance_that_is_none_is_told_and_not_taken_for_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLCHAOS_CHAOS_ALLOWANCE", "lots")
    assert _allowed("no-such-slo") is None
    assert "warning: MLCHAOS_CHAOS_ALLOWANCE: 'lots' is no share of a budget" in capsys.readouterr().err
