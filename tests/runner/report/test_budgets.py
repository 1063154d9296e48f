from dataclasses import replace

import pytest

from runner.report.budgets import budget_rows, unknown_stretches
from runner.report.documents import PlanDocument, read_document
from runner.runs.record import SloSample
from tests.runner.report import records

PLAN, _ = read_document(PlanDocument, records.plan())


def at(seconds: float, burn: float | None) -> SloSample:
    return SloSample(seconds, "a", burn, None)


@pytest.mark.parametrize(
    ("burns", "stretches"),
    [
        ([1.0, 1.0], ()),
        ([1.0, None, None, 1.0], ((0.0, 3.0),)),
        ([None, 1.0], ((0.0, 1.0),)),
        ([1.0, 1.0, None], ((1.0, 2.0),)),
        ([None, None], ((0.0, 1.0),)),
        ([1.0, None, 1.0, None, 1.0], ((0.0, 2.0), (2.0, 4.0))),
        ([], ()),
    ],
)
def test_nothing_is_known_between_the_last_known_reading_and_the_next(
    burns: list[float | None], stretches: tuple[tuple[float, float], ...]
) -> None:
    assert unknown_stretches([at(float(index), burn) for index, burn in enumerate(burns)]) == stretches


def test_the_dearest_slo_stands_first() -> None:
    rows = budget_rows(records.breached(), PLAN)
    assert [row.slo for row in rows] == ["llm-availability", "llm-ttft"]
    assert [row.exceeded for row in rows] == [True, False]
    assert rows[1].used == pytest.approx(0.855)


def test_an_slo_of_which_nothing_is_known_stands_before_all_and_has_paid_nothing_that_can_be_told() -> None:
    record = replace(records.held(), spent={"llm-availability": 0.01}, samples=())
    first, second = budget_rows(record, PLAN)
    assert (first.slo, first.spent, first.used, first.exceeded) == ("llm-ttft", None, None, False)
    assert second.spent == 0.01


def test_a_run_that_died_has_paid_what_was_last_seen() -> None:
    row = next(row for row in budget_rows(records.died(), PLAN) if row.slo == "llm-availability")
    assert row.spent == [one.spend for one in records.died().samples if one.slo == "llm-availability"][-1]


def test_how_long_an_slo_was_unknown_is_told_with_the_reason() -> None:
    row = next(row for row in budget_rows(records.inconclusive(), PLAN) if row.slo == "llm-availability")
    assert row.unknown_seconds == pytest.approx(33, abs=1)
    assert row.reason.startswith("no sample is younger than 5 s")


def test_where_nothing_may_be_spent_anything_is_all() -> None:
    plan, _ = read_document(PlanDocument, {"error_budget": [{"slo": "llm-ttft", "most": 0.0}]})
    row = next(row for row in budget_rows(records.held(), plan) if row.slo == "llm-ttft")
    assert (row.used, row.exceeded) == (1.0, True)
