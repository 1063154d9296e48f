"""Journals of Chaos Toolkit as chaos runs: ours, other people's, and files that are none."""

import json
from pathlib import Path
from typing import Any

import pytest

from runner.runs.journals import JournalError, read_journal

JOURNAL: dict[str, Any] = {
    "experiment": {"title": "kill a pod"},
    "start": "2026-11-22T12:00:00.5+00:00",
    "end": "2026-11-22T12:01:00+00:00",
    "status": "completed",
    "deviated": False,
}
START = 1_795_348_800.0


def written(path: Path, document: object) -> Path:
    path.write_text(json.dumps(document))
    return path


def test_a_plain_journal_tells_its_status(tmp_path: Path) -> None:
    path = written(tmp_path / "journal.json", JOURNAL)
    run = read_journal(path)
    assert (run.title, run.started_at, run.ended_at) == ("kill a pod", START + 0.5, START + 60)
    assert (run.run_id, run.source, run.verdict, run.faults) == (str(path), str(path), "completed", None)


def test_a_deviation_is_told(tmp_path: Path) -> None:
    run = read_journal(written(tmp_path / "journal.json", {**JOURNAL, "deviated": True}))
    assert run.verdict == "completed, deviated"


def test_our_own_journals_tell_the_run_and_its_verdict(tmp_path: Path) -> None:
    ours = {"run_id": "r1", "verdict": "held", "faults": [{}]}
    run = read_journal(written(tmp_path / "journal.json", {**JOURNAL, "mlchaos": ours}))
    assert (run.run_id, run.verdict, run.faults) == ("r1", "held", 1)


def test_times_without_a_zone_are_utc(tmp_path: Path) -> None:
    old = {**JOURNAL, "start": "2026-11-22T12:00:00", "end": "2026-11-22T12:01:00"}
    assert read_journal(written(tmp_path / "journal.json", old)).started_at == START


@pytest.mark.parametrize(
    "document", [[], {}, None, {"experiment": []}, {**JOURNAL, "start": "noon"}, {**JOURNAL, "mlchaos": 1}]
)
def test_a_file_that_is_no_journal_is_refused_by_name(tmp_path: Path, document: object) -> None:
    path = written(tmp_path / "other.json", document)
    with pytest.raises(JournalError, match=r"other\.json is no journal of Chaos Toolkit .*--journal-path"):
        read_journal(path)


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_bytes(b"\xff{")
    with pytest.raises(JournalError, match="is no journal"):
        read_journal(tmp_path / "other.json")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"none\.json cannot be read: No such file"):
        read_journal(tmp_path / "none.json")
