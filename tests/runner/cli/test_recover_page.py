"""What chaos recover prints, made from what was found."""

import pytest

from runner.cli.recover_page import Asked, print_page
from runner.recover.decisions import Decision
from runner.recover.once import Report
from tests.actions.ledger.records import record

PLACE = "the local ledger /state/ledger.sqlite"


def printed(report: Report, asked: Asked, capsys: pytest.CaptureFixture[str]) -> str:
    print_page(report, asked, dry=True)
    return capsys.readouterr().out


def test_a_fault_is_a_block_that_breaks_no_name(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(left={PLACE: [Decision(record(state="undone"), "later", "undone 3 s ago", 27.0)]})
    assert printed(report, Asked((PLACE,)), capsys) == (
        "undone, second look pending   pods.kill on pod ml-serving/llm-1\n"
        "  run 20261122T163800Z-ab12cd, begun 2026-11-22 16:38:01 UTC; undone 3 s ago\n"
    )


def test_what_could_be_read_only_in_part_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(left={PLACE: []}, problems=["a record cannot be read"])
    assert printed(report, Asked((PLACE,)), capsys) == (
        f"UNKNOWN: {PLACE} could be read only in part, so there may be faults there\n"
    )


def test_a_ledger_that_did_not_answer_is_unknown_beside_one_that_did(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(Report(left={PLACE: []}), Asked((PLACE, "X"), ("X",)), capsys) == (
        "UNKNOWN: X could not be asked, so there may be faults there\n"
    )
