from dataclasses import replace

import pytest

from runner.alerting.timeline import STAGES, AlertPath
from runner.report.make import report_of
from runner.report.model import Report
from runner.runs.record import RunRecord
from tests.runner.report import records
from tests.runner.report.records import MADE, RUN_ID, timeline


def told(record: RunRecord) -> str:
    return "\n".join(f"{one.text} {one.command}" for one in report(record).advice)


def report(record: RunRecord) -> Report:
    return report_of(record, MADE)


def test_a_stuck_fault_is_urgent_and_comes_first_with_its_reason_and_a_command() -> None:
    first = report(records.stuck()).advice[0]
    assert first.urgent
    assert "kubectl uncordon gpu-a" in first.text
    assert first.command == f"chaos recover --run {RUN_ID}"


def test_what_a_dead_run_may_have_left_in_is_urgent() -> None:
    first = report(records.died()).advice[0]
    assert first.urgent
    assert first.command == f"chaos recover --run {RUN_ID}"


def test_a_run_that_goes_on_is_not_recovered_from_under_its_guard() -> None:
    assert "chaos recover" not in told(records.running())
    assert "chaos halt" in told(records.running())


@pytest.mark.parametrize("stage", STAGES)
def test_wherever_an_alert_was_lost_there_is_something_to_look_at(stage: str) -> None:
    lost = timeline(outcome="lost", lost_at=stage, reason="so it was")
    advice = report(replace(records.breached(), alerts=AlertPath((lost,)))).advice
    about = next(one for one in advice if one.text.startswith("LlmAvailabilityBudgetBurn: "))
    assert "So it was." in about.text
    assert about.command.startswith("chaos ")


def test_a_page_that_a_silence_kept_back_leads_to_its_route() -> None:
    assert "chaos alerts route alertname=LlmAvailabilityBudgetBurn severity=page slo=llm-availability" in told(
        records.breached()
    )


def test_a_muted_alert_that_came_through_is_not_told_to_be_missing() -> None:
    lost = timeline(outcome="lost", lost_at="notified", muted_by="silence", reason="the silence had ended")
    text = told(replace(records.breached(), alerts=AlertPath((lost,))))
    assert "it reached its receiver although it should have been muted" in text


def test_a_held_run_that_expected_no_alert_does_not_pass_for_a_proof_of_paging() -> None:
    assert "does not prove that anybody would have been paged" in told(replace(records.held(), alerts=AlertPath()))
    assert "does not prove" not in told(records.held())


def test_a_budget_that_was_nearly_spent_is_said_and_one_that_was_not_is_not() -> None:
    near = replace(records.held(), spent={"llm-availability": 0.018})
    assert "Little is left of what is allowed: llm-availability paid 1.8% of 2%" in told(near)
    assert "allowed" not in told(records.held())
    assert "More error budget was spent than is allowed" in told(records.breached())


def test_an_alert_with_little_time_to_spare_is_said() -> None:
    tight = replace(records.held(), alerts=AlertPath((timeline(fires_within=10.0),)))
    assert "LlmAvailabilityBudgetBurn fired 9.4 s after the fault, and 10 s is allowed" in told(tight)


def test_what_was_unknown_is_to_be_made_known() -> None:
    assert "Nothing was known of llm-availability for" in told(records.inconclusive())


def test_a_page_that_nobody_expected_is_named_once() -> None:
    path = records.breached().alerts
    twice = replace(records.breached(), alerts=replace(path, strays=path.strays * 2))
    assert told(twice).count("NodeDiskPressure paged and nobody expected it") == 1


def test_names_are_quoted_in_what_can_be_typed() -> None:
    advice = report(replace(records.aborted(), experiment="my file; rm -rf /.yaml")).advice
    assert "chaos run 'my file; rm -rf /.yaml'" in [one.command for one in advice]


@pytest.mark.parametrize("name", sorted(records.every()))
def test_there_is_always_something_to_do_next(name: str) -> None:
    assert records.report(name).advice
