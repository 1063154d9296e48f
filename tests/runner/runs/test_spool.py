"""A spool: what was written is what is read, whatever crashed in between, and it never costs a run."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from clients.deadline import within
from runner.alerting.timeline import AlertPath
from runner.runs.process import process_start
from runner.runs.record import DIED, RUNNING, Durations, LedgerTransition, RunRecord, SloSample
from runner.runs.spool import DENSE_SAMPLES, Beginning, Ending, Planned, Spool, spool_directory
from runner.runs.spooled import NoRunError, Process, Spooled, read_spool
from tests.runner.store.records import NOW, record, timeline
from tests.waiting import wait_for

BEGINNING = Beginning("r1", "kill “a” pod\n", NOW, dry=False, experiment="a.yaml", tags=("x",))
ENDING = Ending(NOW + 60, "breached", "it burns", 1, {"a": 0.5}, 12.5, {"run_id": "r1"})
FAULT = LedgerTransition(NOW + 1, "rec", "pods.kill", "pod a/b", "intended")


@pytest.fixture
def spool(memory_path: Path) -> Spool:
    made = Spool("r1", memory_path)
    made.began(BEGINNING)
    return made


def lines(spool: Spool) -> list[str]:
    assert spool.path is not None
    return spool.path.read_text().splitlines()


def read(spool: Spool, *, alive: bool = False) -> Spooled:
    return read_spool(lines(spool), lambda _: alive)


def noting(seen: list[Process]) -> Callable[[Process], bool]:
    """Takes every process for dead, and notes which it was."""

    def lives(process: Process) -> bool:
        seen.append(process)
        return False

    return lives


def sample(at: float, burn: float | None = 1.0) -> list[SloSample]:
    return [SloSample(at, "a", burn, None if burn is None else 0.0)]


def spool_all_of(run: RunRecord, directory: Path) -> Spool:
    """As the guard does it."""
    spool = Spool(run.run_id, directory)
    spool.began(Beginning(run.run_id, run.title, run.started_at, run.dry, run.experiment, run.tags))
    spool.planned(Planned(run.plan, run.digest, run.token, run.place, run.objectives))
    spool.versions({"python": run.versions["python"]})
    spool.versions({"mlchaos": run.versions["mlchaos"]})
    for at in dict.fromkeys(one.at for one in run.samples):
        spool.samples([one for one in run.samples if one.at == at])
    for transition in run.transitions:
        spool.transition(transition)
    assert run.stop is not None
    assert run.ended_at is not None
    spool.stopped(run.stop.at, run.stop.kind, run.stop.reason)
    spool.alerts(AlertPath())
    spool.alerts(run.alerts)
    spool.ended(Ending(run.ended_at, run.verdict, run.reason, 1, run.spent, run.durations.recover, run.summary))
    return spool


def test_a_run_is_read_as_it_was_written(memory_path: Path) -> None:
    run = record()
    found = read(spool_all_of(run, memory_path))
    expected = replace(run, host=found.record.host, durations=Durations(detect=4.0, page=6.0, recover=12.5))
    assert found == Spooled(expected, heard_at=NOW + 60.25, process=found.process)


def test_a_run_that_goes_on_is_running(spool: Spool) -> None:
    spool.samples(sample(NOW + 3))
    found = read(spool, alive=True)
    assert (found.record.verdict, found.record.ended_at, found.heard_at) == (RUNNING, None, NOW + 3)


def test_a_run_whose_process_is_gone_without_an_end_has_died_and_keeps_its_facts(spool: Spool) -> None:
    spool.planned(Planned({}, "d", "t", "", ()))
    spool.transition(FAULT)
    spool.samples([SloSample(NOW + 2, "a", 20.0, 0.25)])
    run = read(spool).record
    assert (run.verdict, run.faults, run.spent, run.transitions) == (DIED, 1, {"a": 0.25}, (FAULT,))
    assert "chaos recover --run r1" in run.reason


def test_a_run_that_died_before_its_plan_broke_nothing_and_after_it_may_have(spool: Spool) -> None:
    assert read(spool).record.faults == 0
    spool.planned(Planned({}, "d", "t", "", ()))
    assert read(spool).record.faults is None


def test_a_dry_run_broke_nothing(memory_path: Path) -> None:
    spool = Spool("r1", memory_path)
    spool.began(replace(BEGINNING, dry=True))
    spool.ended(ENDING)
    assert read(spool).record.faults == 0


def test_a_breach_is_detected_when_the_guard_saw_it_and_a_halt_is_not(spool: Spool) -> None:
    spool.transition(replace(FAULT, at=NOW + 2, state="active"))
    spool.stopped(NOW + 5, "halt", "by me")
    assert read(spool).record.durations.detect is None
    spool.stopped(NOW + 5, "spend", "too much")
    assert read(spool).record.durations.detect == 3.0


def test_an_alert_that_was_to_be_muted_pages_nobody(spool: Spool) -> None:
    spool.alerts(AlertPath((timeline(muted_by="silence"),)))
    assert read(spool).record.durations == Durations(detect=5.0, page=None)


def test_ticks_of_a_quarter_second_are_all_kept_in_a_short_run_and_few_in_a_long_one(spool: Spool) -> None:
    for tick in range(40):
        spool.samples(sample(NOW + tick * 0.25))
    assert len(read(spool).record.samples) == 40
    day = 86_400
    for tick in range(400):
        spool.samples(sample(NOW + day + tick * 0.25))
    assert len(read(spool).record.samples) - 40 == pytest.approx(100 / (day / DENSE_SAMPLES), abs=2)


def test_what_is_no_number_is_unknown(spool: Spool) -> None:
    spool.samples([SloSample(NOW + 1, "a", float("inf"), float("nan"), "none")])
    assert read(spool).record.samples == (SloSample(NOW + 1, "a", None, None, "none"),)


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "1",
        "null",
        '{"event":"no"}',
        "\x00\x00",
        '"',
        "[" * 100_000,
        '{"event": "transition", "at": 1795000001, "record": "r", "fault',
        '{"event":"transition","at":1,"record":"r","fault":"f","target":"t","state":"elsewhere","reason":""}',
        '{"event":"samples","at":NaN,"slos":[["a",1,0,""]]}',
        '{"event":"samples","at":1,"slos":[["a",1]]}',
        '{"event":"alerts","alerts":{"timelines":[{}]}}',
        pytest.param('{"event":"stopped","kind":"x","reason":"","at":1' + "0" * 400 + "}", id="a time of 400 digits"),
        pytest.param('{"event":"stopped","at":' + "1" * 5000 + "}", id="a time of 5,000 digits"),
        '{"event":"ended","at":1795000001,"verdict":"held","reason":"","faults":1e999,"spent":{},"recover":null}',
        '{"event":"ended","at":1795000001,"verdict":"held","reason":"","faults":1,"spent":[],"recover":null}',
    ],
)
def test_a_line_of_anything_else_costs_only_itself(spool: Spool, line: str) -> None:
    spool.transition(FAULT)
    found = read_spool([*lines(spool), line, ""], lambda _: False)
    assert (found.record.transitions, found.record.ended_at, found.skipped) == ((FAULT,), None, 1)


def test_a_file_without_a_beginning_tells_of_no_run(spool: Spool) -> None:
    spool.transition(FAULT)
    with pytest.raises(NoRunError):
        read_spool(lines(spool)[1:], lambda _: False)


def test_a_process_that_is_killed_loses_nothing_that_it_wrote(memory_path: Path) -> None:
    write = (
        "import os, sys, pathlib; from runner.runs.spool import *; from runner.runs.record import *;"
        "s = Spool('r1', pathlib.Path(sys.argv[1])); s.began(Beginning('r1', 't', 1000, False));"
        "s.samples([SloSample(1001, 'a', 1.0, 0.0)]); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", write, str(memory_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    seen: list[Process] = []
    found = read_spool((memory_path / "r1.jsonl").read_text().splitlines(), noting(seen))
    assert found.record.samples == (SloSample(1001, "a", 1.0, 0.0),)
    assert process_start(seen[0].pid) != seen[0].started


def test_a_disk_that_stalls_holds_up_neither_a_fact_nor_the_end(
    memory_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    monkeypatch.setattr("os.fsync", lambda _: goes_on.wait(60))
    monkeypatch.setattr("runner.runs.spool.LAST_SYNC_SECONDS", 0.05)
    spool = Spool("r1", memory_path)

    def run() -> list[str]:
        spool.began(BEGINNING)
        for state in ("intended", "active", "undoing", "undone"):
            spool.transition(replace(FAULT, state=state))
        spool.ended(ENDING)
        written = lines(spool)
        spool.close()
        return written

    try:
        assert len(within(20, run)) == 6
    finally:
        goes_on.set()


def test_all_that_is_noted_is_brought_to_the_disk_beside_the_run(
    memory_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, int]] = []
    monkeypatch.setattr(
        "os.fsync", lambda file: synced.append((threading.current_thread().name, os.fstat(file).st_size))
    )
    spool = Spool("r1", memory_path)
    spool.began(BEGINNING)
    wait_for(lambda: synced)
    spool.transition(FAULT)
    size = (memory_path / "r1.jsonl").stat().st_size
    wait_for(lambda: synced[-1][1] == size)
    spool.samples(sample(NOW + 1))
    spool.close()
    wait_for(lambda: synced[-1][1] == (memory_path / "r1.jsonl").stat().st_size > size)
    assert {thread for thread, _ in synced} == {"spool to disk"}


def test_a_disk_that_cannot_sync_is_said_once_and_all_is_written(
    memory_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: int) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr("os.fsync", fail)
    with caplog.at_level(logging.WARNING, "chaostoolkit"):
        spool = Spool("r1", memory_path)
        spool.began(BEGINNING)
        wait_for(lambda: caplog.text)
        spool.transition(FAULT)
        assert len(lines(spool)) == 2
        spool.close()
    assert caplog.text.count("the disk is gone") == 1


def test_the_process_is_noted_so_that_it_is_not_taken_for_another_one(spool: Spool) -> None:
    seen: list[Process] = []
    read_spool(lines(spool), noting(seen))
    assert (seen[0].pid, seen[0].started) == (os.getpid(), process_start(os.getpid()))


def test_nothing_is_written_before_the_beginning_nor_after_the_end(memory_path: Path) -> None:
    spool = Spool("r1", memory_path)
    spool.transition(FAULT)
    assert not list(memory_path.iterdir())
    spool.began(BEGINNING)
    (path,) = memory_path.iterdir()
    spool.close()
    spool.close()
    spool.transition(FAULT)
    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == ["began"]


def test_a_spool_that_cannot_be_written_is_said_once_and_costs_no_run(
    memory_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (memory_path / "spool").write_text("a file where the directory should be")
    spool = Spool("r1", memory_path / "spool")
    with caplog.at_level(logging.WARNING, "chaostoolkit"):
        spool.began(BEGINNING)
        spool.transition(FAULT)
        spool.ended(ENDING)
    assert caplog.text.count("The run cannot be recorded") == 1
    assert "set MLCHAOS_STATE_DIR" in caplog.text


def test_a_part_of_a_line_on_a_full_disk_costs_only_itself(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda file, data: write(file, data[:7]))
        spool.transition(FAULT)
    spool.transition(replace(FAULT, state="active"))
    found = read(spool)
    assert ([one.state for one in found.record.transitions], found.skipped) == (["active"], 1)
    assert "is the disk full?" in caplog.text


def test_what_is_no_json_costs_no_run(spool: Spool) -> None:
    spool.planned(Planned({"when": object()}, "d", "t", "", ()))
    spool.planned(Planned({"lock": threading.Lock()}, "d", "t", "", ()))
    spool.versions({("a", "key"): "1"})  # type: ignore[dict-item]
    spool.transition(FAULT)
    assert read(spool).record.transitions == (FAULT,)


def test_spools_lie_in_the_state_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCHAOS_STATE_DIR", "/state")
    assert spool_directory() == Path("/state/spool")


def test_a_spool_that_is_removed_while_its_run_goes_on_is_written_anew(
    spool: Spool, memory_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool.transition(FAULT)
    (memory_path / "r1.jsonl").unlink()
    with caplog.at_level(logging.WARNING, "chaostoolkit"):
        spool.ended(ENDING)
    spool.close()
    found = read_spool((memory_path / "r1.jsonl").read_text().splitlines(), lambda _: False)
    assert (found.record.verdict, len(found.record.transitions)) == ("breached", 1)
    assert "removed while the run goes on" in caplog.text
