from dataclasses import replace

import pytest

from runner.allowance.month import (
    Allowance,
    Spending,
    allowances,
    default_allowance,
    month_start,
    spending,
    standing,
)
from runner.experiment.slo_names import find_slos
from slos.allowance import AllowanceError
from tests.runner.allowance.rows import NOVEMBER, row

SLO = "llm-ttft"


@pytest.mark.parametrize("now", [NOVEMBER, NOVEMBER + 1, NOVEMBER + 30 * 86_400 - 1])
def test_a_month_begins_at_midnight_utc_of_its_first_day(now: float) -> None:
    assert month_start(now) == NOVEMBER


def test_what_runs_of_the_month_measured_is_summed_by_slo() -> None:
    runs = [
        row("a", spent={SLO: 0.25, "llm-availability": 0.5}),
        row("b", spent={SLO: 0.5}),
        row("october", spent={SLO: 0.9}, started_at=NOVEMBER - 1),
        row("dry", spent={SLO: 0.9}, dry=True),
    ]
    assert spending(runs, NOVEMBER) == {
        SLO: Spending(0.75),
        "llm-availability": Spending(0.5),
    }


@pytest.mark.parametrize("verdict", ["running", "died"])
def test_a_run_that_nobody_judged_counts_with_all_that_it_might_spend(verdict: str) -> None:
    runs = [row(verdict=verdict, faults=None, spent={SLO: 0.25}, limits={SLO: 0.75})]
    assert spending(runs, NOVEMBER) == {SLO: Spending(0.25, 0.5)}


def test_a_run_that_could_not_read_its_slo_counts_with_all_that_it_might_spend() -> None:
    assert spending([row(limits={SLO: 0.05})], NOVEMBER) == {SLO: Spending(0.0, 0.05)}


def test_a_run_that_goes_on_without_a_fault_yet_may_still_put_one_in() -> None:
    assert spending([row(verdict="running", faults=0, limits={SLO: 0.05})], NOVEMBER) == {SLO: Spending(0.0, 0.05)}


@pytest.mark.parametrize("verdict", ["refused", "died", "inconclusive"])
def test_a_run_without_a_fault_has_cost_nothing(verdict: str) -> None:
    assert spending([row(verdict=verdict, faults=0, limits={SLO: 0.05})], NOVEMBER) == {}


def test_more_than_was_foreseen_counts_as_it_was_measured() -> None:
    assert spending([row(verdict="died", spent={SLO: 0.2}, limits={SLO: 0.05})], NOVEMBER) == {SLO: Spending(0.2)}


def test_a_budget_that_grew_meanwhile_gives_nothing_back() -> None:
    assert spending([row(spent={SLO: -0.1})], NOVEMBER) == {SLO: Spending(0.0)}


def test_a_run_may_spend_exactly_what_is_left() -> None:
    (fits,) = standing({SLO: 0.2}, {SLO: Spending(0.1, 0.05)}, 0.05)
    assert not fits.exceeded
    assert fits.left == pytest.approx(0.05)
    (exceeds,) = standing({SLO: 0.2}, {SLO: Spending(0.1, 0.05)}, 0.051)
    assert exceeds.exceeded


def test_the_reason_says_what_is_spent_asked_and_allowed_and_what_to_do() -> None:
    reason = Allowance(SLO, 0.2, Spending(0.1, 0.05), 0.1).reason
    assert reason == (
        "chaos runs have spent 15% of the error budget of llm-ttft this month (5% of it assumed of runs that go on, "
        "died or could not read it), this run may spend 10%, and 20% is allowed: lower error_budget.max_spend to 5%, "
        "wait for the next month, or raise the allowance (mlchaos.io/chaos-allowance, MLCHAOS_CHAOS_ALLOWANCE)"
    )
    assert "lower" not in Allowance(SLO, 0.2, Spending(0.2), 0.1).reason
    assert "max_spend to 0.92%," in Allowance(SLO, 0.01, Spending(0.00071), 0.1).reason


def test_what_an_slo_declares_comes_before_the_default() -> None:
    ttft, availability = find_slos([SLO, "llm-availability"]).slos
    declared = replace(ttft, chaos_allowance=0.0)
    assert allowances([declared, availability], 0.2) == {SLO: 0.0, "llm-availability": 0.2}
    assert allowances([declared, availability], None) == {SLO: 0.0}


def test_the_default_is_that_of_the_environment() -> None:
    assert default_allowance({}) is None
    assert default_allowance({"MLCHAOS_CHAOS_ALLOWANCE": " "}) is None
    assert default_allowance({"MLCHAOS_CHAOS_ALLOWANCE": "20%"}) == pytest.approx(0.2)
    with pytest.raises(AllowanceError, match="MLCHAOS_CHAOS_ALLOWANCE: '20' has no percent sign: write 20%"):
        default_allowance({"MLCHAOS_CHAOS_ALLOWANCE": "20"})
