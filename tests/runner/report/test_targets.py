from dataclasses import replace

import pytest

from runner.report.documents import PlanDocument, SummaryDocument, read_document
from runner.report.make import report_of
from runner.report.targets import target_rows
from tests.runner.report import records
from tests.runner.report.records import FAULT, MADE, UNDO, lifetime

NOTHING = PlanDocument()


def test_a_fault_goes_in_takes_effect_and_comes_out() -> None:
    (row,) = target_rows(lifetime("r", "pod a/b"), (), NOTHING)
    assert (row.state, row.active_at, row.undoing_at, row.undone_at) == ("undone", FAULT, UNDO, UNDO + 0.6)


@pytest.mark.parametrize(("turns", "state"), [(1, "going in"), (2, "in effect"), (3, "coming out"), (4, "undone")])
def test_a_fault_is_in_the_state_that_was_last_heard_of(turns: int, state: str) -> None:
    (row,) = target_rows(lifetime("r", "pod a/b")[:turns], (), NOTHING)
    assert row.state == state


def test_a_stuck_fault_keeps_its_reason() -> None:
    (row,) = target_rows(lifetime("r", "pod a/b", stuck="no permission"), (), NOTHING)
    assert (row.state, row.reason, row.undone_at) == ("stuck", "no permission", None)


def test_a_fault_that_was_stuck_and_came_out_after_all_is_out() -> None:
    moved = [*lifetime("r", "pod a/b", stuck="no permission"), *lifetime("r", "pod a/b", out=UNDO + 9)[2:]]
    (row,) = target_rows(moved, (), NOTHING)
    assert (row.state, row.reason, row.stuck_at) == ("undone", "", None)
    assert row.undoing_at == UNDO


def test_node_and_workload_come_from_the_summary_or_else_from_the_plan() -> None:
    (told,) = records.report("held").targets
    assert (told.node, told.workload) == ("gpu-a", "deployment/llm")
    plan, _ = read_document(PlanDocument, records.plan())
    (planned,) = target_rows(lifetime("r", "pod ml-serving/llm-7c9f8b6d5-x2x4q"), (), plan)
    assert (planned.node, planned.workload) == ("gpu-a", "deployment/llm")


def test_without_the_ledger_the_summary_alone_tells_what_was_broken() -> None:
    summary, _ = read_document(SummaryDocument, records.summary())
    (row,) = target_rows((), summary.faults, NOTHING)
    assert (row.target, row.state, row.active_at) == ("pod ml-serving/llm-7c9f8b6d5-x2x4q", "undone", FAULT)
    left = summary.faults[0].model_copy(update={"undone_at": None, "reason": "no permission"})
    (stuck,) = target_rows((), (left,), NOTHING)
    assert (stuck.state, stuck.reason) == ("stuck", "no permission")


def test_where_nothing_went_in_the_planned_targets_are_named_as_such() -> None:
    rows = records.report("refused").targets
    assert [row.state for row in rows] == ["planned"] * 3


def test_rows_are_in_the_order_in_which_faults_went_in() -> None:
    late, early = lifetime("late", "pod a/late", at=FAULT + 3), lifetime("early", "pod a/early")
    assert [row.record for row in target_rows([*late, *early], (), NOTHING)] == ["early", "late"]


def test_the_turns_of_a_run_are_found_in_its_facts() -> None:
    moments = records.report("held").moments
    assert (moments.zero, moments.fault, moments.out) == (FAULT, FAULT, UNDO + 0.6)
    assert moments.recovered == pytest.approx(UNDO + 7.0)


@pytest.mark.parametrize("name", ["stuck", "died", "running"])
def test_as_long_as_a_fault_may_be_in_no_moment_says_that_all_are_out(name: str) -> None:
    moments = records.report(name).moments
    assert moments.out is None
    assert moments.recovered is None


def test_the_end_of_a_run_that_died_is_the_last_that_is_known_of_it() -> None:
    record = records.died()
    assert report_of(record, MADE).moments.end == max(sample.at for sample in record.samples)
    silent = replace(record, samples=(), transitions=(), alerts=records.refused().alerts)
    assert report_of(silent, MADE).moments.end == record.started_at
