"""A journal's summary is read back, and what is none is no summary."""

import json
from pathlib import Path

import pytest

from runner.journal_summary import read_journal_summary

FAULT = {"fault": "pods.kill", "kind": "pod", "namespace": "ml-serving", "name": "llm-0", "record": "mlchaos-1"}
SUMMARY = {"run_id": "r", "verdict": "error", "reason": "why", "faults": [FAULT], "of a later release": 1}


def test_faults_that_did_not_come_out_are_told_with_their_place(tmp_path: Path) -> None:
    journal = tmp_path / "journal.json"
    journal.write_text(json.dumps({"mlchaos": SUMMARY}))
    summary = read_journal_summary(journal)
    assert summary is not None
    assert summary.stuck == ("pods.kill on pod ml-serving/llm-0 (record mlchaos-1): it did not come out",)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"mlchaos": 1}', '{"mlchaos": {"run_id": "r"}}', "{\x00"])
def test_what_has_no_word_of_the_guard_is_no_summary(tmp_path: Path, text: str) -> None:
    journal = tmp_path / "journal.json"
    journal.write_text(text)
    assert read_journal_summary(journal) is None


def test_a_journal_that_is_not_there_is_no_summary(tmp_path: Path) -> None:
    assert read_journal_summary(tmp_path / "journal.json") is None
