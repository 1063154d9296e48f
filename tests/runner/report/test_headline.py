from collections.abc import Mapping
from dataclasses import replace

import pytest

from runner.alerting.timeline import AlertPath
from runner.report.make import report_of
from runner.report.model import Figure
from runner.runs.record import RunRecord
from tests.runner.report import records
from tests.runner.report.records import MADE, timeline


def figures(record: RunRecord) -> Mapping[str, Figure]:
    return {figure.label: figure for figure in report_of(record, MADE).figures}


@pytest.mark.parametrize("verdict", records.EVERY_VERDICT)
def test_every_verdict_is_explained(verdict: str) -> None:
    headline = report_of(replace(records.held(), verdict=verdict), MADE).headline
    assert headline.meaning
    assert (headline.tone == "good") == (verdict == "held")


def test_a_word_that_is_not_known_is_no_success() -> None:
    assert report_of(replace(records.held(), verdict="splendid"), MADE).headline.tone != "good"


def test_a_run_that_left_something_in_says_so_beside_the_verdict() -> None:
    assert "1 fault could not be taken out and needs a person." in records.report("stuck").headline.meaning
    assert "1 fault may still be in." in records.report("died").headline.meaning
    assert "The fault is out again." in records.report("held").headline.meaning
    assert "Nothing was broken." in records.report("refused").headline.meaning


def test_the_figures_are_those_of_the_dearest_slo_and_of_the_first_page() -> None:
    found = figures(records.held())
    assert found["Error budget spent"].value == "1.1%"
    assert found["Error budget spent"].note == "of llm-availability, 2% allowed"
    assert found["Time to detect"].value == "9.4 s"
    assert found["Time to page"].note == "from the fault to ml-oncall"
    assert found["Time to recover"].value == "6.4 s"
    assert found["Requests lost"].note == "of 274, counted by the clients"


def test_a_page_that_never_came_is_never_and_one_that_nobody_could_see_is_unknown() -> None:
    assert figures(records.breached())["Time to page"].value == "never"
    assert figures(records.died())["Time to page"].value == "unknown"
    assert figures(records.died())["Time to detect"].value == "unknown"


def test_a_page_that_was_to_be_muted_is_not_missed() -> None:
    muted = timeline(until="received", muted_by="silence")
    record = replace(records.held(), alerts=AlertPath((muted,)), durations=records.aborted().durations)
    assert figures(record)["Time to page"].value == "muted"


def test_what_is_unknown_of_the_recovery_says_why() -> None:
    assert figures(records.inconclusive())["Time to recover"].note.startswith("no sample is younger")
    assert figures(records.stuck())["Time to recover"].note == "what was broken is still in"


def test_an_slo_that_paid_nobody_knows_what_makes_the_figure_unknown() -> None:
    record = replace(records.held(), spent={"llm-availability": 0.01}, samples=())
    assert figures(record)["Error budget spent"].value == "unknown"


def test_a_run_that_broke_nothing_has_only_its_length() -> None:
    assert list(figures(records.refused())) == ["The run took"]


def test_a_summary_that_cannot_be_read_is_a_warning_and_not_the_end_of_the_report() -> None:
    report = report_of(replace(records.held(), summary={"slis": 4}), MADE)
    assert any("summary of the run could not be read" in warning for warning in report.warnings)


def test_the_chronology_tells_many_targets_in_one_line() -> None:
    lines = [one.what for one in records.report("crowded").happenings]
    assert "pods.kill in effect on 40 targets, the last 4.3 s later" in lines
    assert sum("pods.kill" in line for line in lines) == 2


@pytest.mark.parametrize("name", sorted(records.every()))
def test_the_chronology_is_in_order(name: str) -> None:
    times = [one.at for one in records.report(name).happenings]
    assert times == sorted(times)
