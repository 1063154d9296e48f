"""A store that others read hears of a run while it goes on."""

import logging
from pathlib import Path

import pytest

from runner.runs.record import RUNNING
from runner.runs.spool import Beginning, Ending, Spool
from runner.store.after_run import store_run
from runner.store.following import follow
from runner.store.opening import open_unfilled
from tests.runner.store.postgres import Postgres
from tests.runner.store.records import NOW
from tests.waiting import wait_for


@pytest.fixture
def spool(memory_path: Path) -> Spool:
    made = Spool("r1", memory_path)
    made.began(Beginning("r1", "t", NOW, dry=False))
    return made


@pytest.mark.lab
@pytest.mark.xdist_group("postgres")
def test_a_shared_store_knows_a_run_that_goes_on_and_then_its_end(
    spool: Spool, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.new_database()
    monkeypatch.setenv("MLCHAOS_STORE", url)
    follow(spool, every=0.1)
    with open_unfilled(url) as store:
        wait_for(store.unfinished, 30)
        assert [(row.run_id, row.verdict) for row in store.runs()] == [("r1", RUNNING)]
        spool.ended(Ending(NOW + 1, "held", "", 1))
        path = spool.path
        assert path is not None
        spool.close()
        store_run(path)
        assert [row.verdict for row in store.runs()] == ["held"]


@pytest.mark.parametrize("url", ["", "sqlite:////nowhere/results.db"])
def test_a_store_of_this_machine_is_not_told(spool: Spool, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def started(_: object) -> None:
        raise AssertionError("no thread is needed")

    monkeypatch.setenv("MLCHAOS_STORE", url)
    monkeypatch.setattr("threading.Thread.start", started)
    follow(spool)


def test_a_shared_store_that_is_away_is_said_once(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[float] = []
    wait_closed = spool.wait_closed

    def wait(seconds: float) -> bool:
        tries.append(seconds)
        return wait_closed(seconds)

    monkeypatch.setenv("MLCHAOS_STORE", "postgresql://me:hunter2@127.0.0.1:1/results")
    monkeypatch.setattr(spool, "wait_closed", wait)
    with caplog.at_level(logging.WARNING, "chaostoolkit"):
        follow(spool, every=0.01)
        wait_for(lambda: len(tries) > 2, 30)
        spool.close()
    assert caplog.text.count("does not hear of this run") == 1
    assert "hunter2" not in caplog.text
