from collections.abc import Sequence
from typing import Any

import pytest

from runner.allowance.month import Spending
from runner.runs.chaos import ChaosRun
from runner.slo.attribution import Attribution, attribute
from runner.slo.review import BudgetReview
from slos.budget.review import Slices, review
from slos.budget.status import SloStatus
from slos.burn import Counts
from tests.runner.allowance.rows import NOVEMBER

SLO = "llm-ttft"
AT = NOVEMBER + 3000
STATUS = SloStatus(
    name=SLO, state="good", reasons=(), service="llm", objective=0.9, window="1d", period_seconds=86_400, sli=0.99,
    burn={}, budget_left=0.9, seconds_to_exhaustion=None,
)  # fmt: skip
GOOD, BAD = Counts(0, 100), Counts(50, 100)
"""Ten slices of 300 s with 100 events each, of which a tenth may be bad: each bad slice is half of the budget."""


def run(run_id: str, began: float, ended: float | None, **changed: Any) -> ChaosRun:
    values: dict[str, Any] = {"verdict": "held", "faults": 1, "source": "here", "spent": {SLO: 0.25}}
    return ChaosRun(run_id=run_id, title=run_id, started_at=began, ended_at=ended, **(values | changed))


def attributed(
    *runs: ChaosRun, counts: Sequence[Counts | None] = (GOOD,) * 10, allowed: float | None = None
) -> Attribution:
    slices = Slices(AT - 3000, 300, tuple(counts))
    return attribute(BudgetReview(AT, STATUS, review(slices, 0.9)), runs, allowed)


def test_the_window_is_the_sum_of_its_runs_the_costliest_first() -> None:
    found = attributed(
        run("a", AT - 1000, AT - 900),
        run("b", AT - 500, AT - 400, spent={SLO: 0.5}),
        run("other", AT - 500, AT - 400, spent={"llm-availability": 0.5}),
        run("before", AT - 3001, AT - 2900),
        run("afterwards", AT + 1, AT + 60),
    )
    assert [one.run.run_id for one in found.runs] == ["b", "a"]
    assert found.window == Spending(0.75)


def test_the_month_is_that_of_the_review_whatever_the_window_is() -> None:
    found = attributed(run("a", NOVEMBER + 1, AT), run("october", NOVEMBER - 1, NOVEMBER), allowed=0.5)
    assert (found.month_start, found.month, found.allowed) == (NOVEMBER, Spending(0.25), 0.5)


def test_what_a_run_that_died_might_have_spent_is_told_apart() -> None:
    found = attributed(run("a", AT - 1000, None, verdict="died", limits={SLO: 0.75}))
    assert found.runs[0].spent == Spending(0.25, 0.5)


def test_what_was_spent_while_runs_were_on_is_recorded_whatever_spent_it() -> None:
    counts = [GOOD, GOOD, BAD, GOOD, BAD, *(GOOD,) * 5]
    begun = AT - 3000 + 2 * 300
    assert attributed(run("a", begun + 10, begun + 20), counts=counts).recorded == pytest.approx(0.5)
    assert attributed(run("a", begun + 10, begun + 2 * 300), counts=counts).recorded == pytest.approx(1.0)
    assert attributed(run("dry", begun + 10, begun + 20, faults=0), counts=counts).recorded == 0


def test_a_slice_is_counted_once_however_many_runs_were_on() -> None:
    counts = [GOOD, GOOD, BAD, *(GOOD,) * 7]
    begun = AT - 3000 + 2 * 300
    found = attributed(run("a", begun, begun + 100), run("b", begun + 50, begun + 250), counts=counts)
    assert found.recorded == pytest.approx(0.5)


def test_what_is_counted_after_the_next_scrape_is_the_runs_too() -> None:
    counts = [GOOD, GOOD, BAD, *(GOOD,) * 7]
    begun = AT - 3000 + 2 * 300
    assert attributed(run("a", begun - 100, begun - 10), counts=counts).recorded == pytest.approx(0.5)
    assert attributed(run("a", begun - 700, begun - 310), counts=counts).recorded == 0


def test_a_run_that_died_is_held_to_have_been_on_for_an_hour() -> None:
    counts = [GOOD, *(GOOD,) * 8, BAD]
    assert attributed(run("a", AT - 2900, None, verdict="died"), counts=counts).recorded == pytest.approx(0.5)


def test_without_events_nothing_is_recorded() -> None:
    assert attributed(run("a", AT - 100, AT), counts=[None] * 10).recorded is None
