"""The run log: what was written is what is read, whatever crashed in between, and it never costs a run."""

import json
import logging
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from runner.runs.chaos import DIED, RUNNING
from runner.runs.log import default_path, note_begin, note_end, read_run_log


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of a machine that has none yet."""
    monkeypatch.setenv("MLCHAOS_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state" / "runs.jsonl"


def test_a_run_is_read_as_it_was_written(log: Path) -> None:
    note_begin("r1", "kill “a” pod\n", 1000.5, dry=False)
    note_end("r1", "breached", 1060.25, faults=2)
    (run,) = read_run_log(log).runs
    assert (run.run_id, run.title, run.verdict, run.faults) == ("r1", "kill “a” pod\n", "breached", 2)
    assert (run.started_at, run.ended_at, run.source) == (1000.5, 1060.25, str(log))


def test_a_run_that_goes_on_is_running(log: Path) -> None:
    note_begin("r1", "t", 1000, dry=False)
    (run,) = read_run_log(log).runs
    assert (run.verdict, run.ended_at, run.faults) == (RUNNING, None, None)


def test_a_run_whose_process_is_gone_without_an_end_has_died(log: Path) -> None:
    write = "from runner.runs.log import note_begin; note_begin('r1', 't', 1000, dry=False)"
    subprocess.run([sys.executable, "-c", write], check=True)
    (run,) = read_run_log(log).runs
    assert (run.verdict, run.ended_at) == (DIED, None)


@pytest.mark.parametrize("change", [{"host": "elsewhere"}, {"pid_started": "another boot/1"}, {"pid_started": None}])
def test_another_process_of_the_same_number_does_not_keep_a_run_alive(log: Path, change: dict[str, object]) -> None:
    note_begin("r1", "t", 1000, dry=False)
    log.write_text(json.dumps({**json.loads(log.read_text()), **change}) + "\n")
    assert read_run_log(log).runs[0].verdict == DIED


def test_a_dry_run_broke_nothing(log: Path) -> None:
    note_begin("r1", "t", 1000, dry=True)
    assert not read_run_log(log).runs[0].may_have_hurt
    note_end("r1", "inconclusive", 1001, faults=1)
    assert not read_run_log(log).runs[0].may_have_hurt


def test_a_line_torn_by_a_crash_costs_only_itself(log: Path) -> None:
    note_begin("r1", "one", 1000, dry=False)
    with log.open("a") as torn:
        torn.write('{"event": "began", "run": "r2", "ti')
    note_end("r1", "held", 1001, faults=1)
    found = read_run_log(log)
    assert [(run.run_id, run.verdict) for run in found.runs] == [("r1", "held")]
    assert found.warnings == (f"{log}:2: skipped a line that is no record of a run (torn by a crash?)",)


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "1",
        "null",
        '{"event":"ended","run":"x","at":1}',
        '{"event":"no","run":"x","at":1}',
        "\x00\x00",
        '"',
        "[" * 100_000,
        pytest.param('{"event":"began","run":"x","at":1' + "0" * 400 + "}", id="a time of 400 digits"),
        pytest.param('{"event":"began","run":"x","at":' + "1" * 5000 + "}", id="a time of 5,000 digits"),
        '{"event":"began","run":"x","at":NaN}',
        '{"event":"ended","run":"r1","at":1e999,"verdict":"held","faults":1}',
        '{"event":"ended","run":"r1","at":1001,"verdict":"held","faults":1e999}',
        '{"event":"ended","run":"r1","at":999,"verdict":"held","faults":1}',
        f'{{"event":"began","run":"x","title":"t","dry":false,"at":1,"host":"{socket.gethostname()}","pid":1e999}}',
    ],
)
def test_a_line_of_anything_else_is_skipped_with_a_warning(log: Path, line: str) -> None:
    note_begin("r1", "one", 1000, dry=False)
    with log.open("a") as other:
        other.write(line + "\n")
    found = read_run_log(log)
    assert ([(run.run_id, run.ended_at) for run in found.runs], len(found.warnings)) == ([("r1", None)], 1)


def test_bytes_that_are_no_text_are_skipped(log: Path) -> None:
    log.parent.mkdir()
    log.write_bytes(b"\xff\xfe\n")
    assert len(read_run_log(log).warnings) == 1


def test_runs_are_sorted_by_their_beginning(log: Path) -> None:
    for run_id, at in (("b", 2000), ("a", 1000)):
        note_begin(run_id, "t", at, dry=False)
    assert [run.run_id for run in read_run_log(log).runs] == ["a", "b"]


def test_no_log_has_no_runs(log: Path) -> None:
    assert read_run_log(log) == read_run_log(log.parent / "other")
    assert read_run_log(log).runs == ()


def test_a_log_that_cannot_be_read_is_a_warning(log: Path) -> None:
    log.mkdir(parents=True)
    assert "cannot be read, so chaos runs are not known" in read_run_log(log).warnings[0]


def test_a_log_that_cannot_be_written_is_said_and_costs_no_run(log: Path, caplog: pytest.LogCaptureFixture) -> None:
    log.parent.write_text("a file where the directory should be")
    with caplog.at_level(logging.WARNING, "chaostoolkit"):
        note_begin("r1", "t", 1000, dry=False)
        note_end("r1", "held", 1001, faults=0)
    assert caplog.text.count("The run log cannot be written") == 2
    assert "set MLCHAOS_STATE_DIR" in caplog.text


def test_the_log_lies_in_the_state_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLCHAOS_STATE_DIR")
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert default_path() == Path("/state/mlchaos/runs.jsonl")
    monkeypatch.delenv("XDG_STATE_HOME")
    assert default_path() == Path.home() / ".local/state/mlchaos/runs.jsonl"
