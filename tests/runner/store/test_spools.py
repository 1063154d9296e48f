"""Spools and the old run log are taken in: once, as often as there is news, and whatever is wrong with one of them."""

import json
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.runs.record import DIED, RUNNING
from runner.runs.spool import SUFFIX, Beginning, Ending, Spool
from runner.store import spools
from runner.store.after_run import store_run
from runner.store.opening import open_store
from runner.store.store import StoreError
from tests.runner.runs.spooled_runs import spool_run
from tests.runner.store.records import NOW, record


@pytest.fixture
def state(memory_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has run nothing yet."""
    monkeypatch.setenv("MLCHAOS_STATE_DIR", str(memory_path))
    monkeypatch.delenv("MLCHAOS_STORE", raising=False)
    return memory_path


def stored() -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """Ids and verdicts of the store, newest first, and its warnings."""
    with open_store() as store:
        return [(row.run_id, row.verdict) for row in store.runs()], tuple(store.warnings)


def change(path: Path, **changes: Any) -> None:
    first, *others = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps({**json.loads(first), **changes}), *others]) + "\n")


def age(path: Path, seconds: float) -> None:
    at = path.stat().st_mtime - seconds
    os.utime(path, (at, at))


def test_a_run_that_has_ended_is_stored_and_its_spool_goes_away(state: Path) -> None:
    spool_run("r1", "t", NOW, ended_at=NOW + 1)
    assert stored() == ([("r1", "held")], ())
    assert not list((state / "spool").iterdir())
    assert stored() == ([("r1", "held")], ())


def test_a_run_that_goes_on_is_stored_anew_until_it_ends(state: Path) -> None:
    spool = Spool("r1")
    spool.began(Beginning("r1", "t", NOW, dry=False))
    assert stored() == ([("r1", RUNNING)], ())
    spool.ended(Ending(NOW + 1, "breached", "", 1))
    assert stored() == ([("r1", "breached")], ())


@pytest.mark.parametrize("changed", [{"pid_started": "another boot/1"}, {"pid_started": None}, {"pid": 2**22 + 1}])
def test_a_run_whose_process_is_gone_has_died_and_its_spool_goes_away(state: Path, changed: dict[str, object]) -> None:
    spool_run("r1", "t", NOW)
    change(state / "spool" / "r1.jsonl", **changed)
    assert stored() == ([("r1", DIED)], ())
    assert not list((state / "spool").iterdir())


def test_a_run_of_another_machine_lives_as_long_as_its_spool_grows(state: Path) -> None:
    spool_run("r1", "t", NOW)
    path = state / "spool" / "r1.jsonl"
    change(path, host="elsewhere")
    assert stored() == ([("r1", RUNNING)], ())
    age(path, 100)
    assert stored() == ([("r1", DIED)], ())
    assert path.exists()
    age(path, 90_000)
    assert stored() == ([("r1", DIED)], ())
    assert not path.exists()


def test_a_file_that_tells_of_no_run_is_said_and_holds_up_no_other(state: Path) -> None:
    spool_run("r1", "t", NOW, ended_at=NOW + 1)
    odd = state / "spool" / "odd.jsonl"
    odd.write_bytes(b"\xff\xfe\n")
    assert stored()[1] == ()  # it may be just beginning
    age(odd, 100)
    runs, (warning,) = stored()
    assert runs == [("r1", "held")]
    assert warning == f"{odd} cannot be taken in: it does not say which run it is of; look at it, and remove it"


def test_a_torn_line_is_said(state: Path) -> None:
    spool_run("r1", "t", NOW, ended_at=NOW + 1)
    with (state / "spool" / "r1.jsonl").open("a") as torn:
        torn.write('{"event": "samp')
    runs, (warning,) = stored()
    assert runs == [("r1", "held")]
    assert "skipped lines that are no facts of a run (torn by a crash?): 1" in warning


def test_a_directory_that_cannot_be_listed_is_said(state: Path) -> None:
    (state / "spool").write_text("a file")
    assert "cannot be taken in" in stored()[1][0]


def test_the_end_of_a_run_puts_it_into_the_store(state: Path) -> None:
    spool_run("r1", "t", NOW, ended_at=NOW + 1)
    store_run(state / "spool" / "r1.jsonl")
    assert not list((state / "spool").iterdir())
    assert stored() == ([("r1", "held")], ())


def test_a_store_that_is_away_costs_neither_the_run_nor_its_facts(
    state: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spool_run("r1", "t", NOW, ended_at=NOW + 1)
    monkeypatch.setenv("MLCHAOS_STORE", "postgresql://me:hunter2@127.0.0.1:1/results")
    store_run(state / "spool" / "r1.jsonl")
    assert "not in the results store yet" in caplog.text
    assert "hunter2" not in caplog.text
    with pytest.raises(StoreError):
        stored()
    monkeypatch.delenv("MLCHAOS_STORE")
    assert stored() == ([("r1", "held")], ())


def old(event: str, run: str, **more: object) -> str:
    began = {"title": "t", "dry": False, "host": socket.gethostname(), "pid": 1, "pid_started": "before"}
    ended = {"verdict": "held", "faults": 1, "spent": {"a": 0.5}}
    return json.dumps({"event": event, "run": run, **(began if event == "began" else ended), **more}) + "\n"


def test_an_old_run_log_is_taken_in_once_and_put_aside(state: Path) -> None:
    log = state / "runs.jsonl"
    log.write_text(old("began", "a", at=NOW) + "torn\n" + old("ended", "a", at=NOW + 1) + old("began", "b", at=NOW + 2))
    runs, (warning,) = stored()
    assert runs == [("b", DIED), ("a", "held")]
    assert warning == f"{log}: lines that are no records of a run were skipped: 1"
    assert not log.exists()
    assert (state / "runs.jsonl.taken-in").exists()
    with open_store() as store:
        assert store.spent_between(NOW, NOW + 1) == {"a": 0.5}


def test_an_old_run_log_does_not_take_the_place_of_what_is_stored(state: Path) -> None:
    with open_store() as store:
        store.put(record("a"), NOW)  # type: ignore[attr-defined]
    (state / "runs.jsonl").write_text(old("began", "a", at=NOW))
    assert stored() == ([("a", "held")], ())


def test_an_old_run_log_in_which_a_run_goes_on_stays(state: Path) -> None:
    from runner.runs.process import process_start

    pid = os.getpid()
    (state / "runs.jsonl").write_text(old("began", "a", at=NOW, pid=pid, pid_started=process_start(pid)))
    assert stored() == ([], ())
    assert (state / "runs.jsonl").exists()


def test_a_run_lives_while_it_holds_its_spool_whatever_proc_says(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "process_start", lambda _: None)  # as in another PID namespace, or with hidepid
    spool = Spool("r1")
    spool.began(Beginning("r1", "t", NOW, dry=False))
    age(state / "spool" / "r1.jsonl", 100_000)
    assert stored() == ([("r1", RUNNING)], ())
    assert (state / "spool" / "r1.jsonl").exists()
    spool.close()
    assert stored() == ([("r1", DIED)], ())
    assert not (state / "spool" / "r1.jsonl").exists()


@pytest.mark.parametrize(("quiet", "verdict"), [(0, RUNNING), (100, DIED)])
def test_where_spools_cannot_be_held_a_run_is_gone_that_is_neither_seen_nor_heard(
    state: Path, monkeypatch: pytest.MonkeyPatch, quiet: float, verdict: str
) -> None:
    monkeypatch.setattr("runner.runs.spool.hold", lambda _: False)
    monkeypatch.setattr(spools, "process_start", lambda _: None)
    spool_run("r1", "t", NOW)
    age(state / "spool" / "r1.jsonl", quiet)
    assert stored() == ([("r1", verdict)], ())
    assert (state / "spool" / "r1.jsonl").exists()


def test_an_end_that_comes_while_the_process_is_asked_for_is_not_lost(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.runs.spool.hold", lambda _: False)
    monkeypatch.setattr(spools, "QUIET_SECONDS", -1.0)
    spool = Spool("r1")
    spool.began(Beginning("r1", "t", NOW, dry=False))

    def ends(_pid: int) -> None:
        spool.ended(Ending(NOW + 1, "held", "", 1))

    monkeypatch.setattr(spools, "process_start", ends)
    assert stored() == ([("r1", "held")], ())


def test_a_run_that_was_taken_for_dead_becomes_what_it_was(state: Path) -> None:
    spool = Spool("r1")
    spool.began(Beginning("r1", "t", NOW, dry=False))
    path = state / "spool" / f"r1{SUFFIX}"
    with open_store() as store:
        store.put(replace(record("r1"), verdict=DIED, ended_at=None), NOW)  # type: ignore[attr-defined]
    path.unlink()
    spool.ended(Ending(NOW + 1, "held", "", 1))
    spool.close()
    store_run(path)
    assert stored() == ([("r1", "held")], ())


def test_a_spool_that_is_gone_is_said_unless_the_end_is_stored(state: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = state / "spool" / f"r1{SUFFIX}"
    store_run(path)
    assert f"its spool {path} is gone" in caplog.text
    caplog.clear()
    spool_run("r1", "t", NOW, ended_at=NOW + 1)
    assert stored() == ([("r1", "held")], ())
    store_run(path)
    assert caplog.text == ""
