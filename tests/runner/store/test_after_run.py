"""The end of a run and the results store: nothing of it holds the run up, and no fact is lost."""

import logging
from pathlib import Path
from threading import Event

import pytest

from runner.runs.spool import Beginning, Spool
from runner.store.after_run import store_run
from tests.runner.store.records import NOW


def test_a_store_that_never_says_a_word_is_a_warning_and_the_facts_stay_in_the_spool(
    memory_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spool = Spool("r1", memory_path)
    spool.began(Beginning("r1", "a run", NOW, dry=False))
    answered = Event()
    monkeypatch.setattr("runner.store.opening.open_unfilled", answered.wait)
    monkeypatch.setattr("runner.store.after_run.STORE_SECONDS", 0.1)
    with caplog.at_level(logging.WARNING, "chaostoolkit"):
        store_run(memory_path / "r1.jsonl")
    answered.set()
    assert "no answer within 0.1 s" in caplog.text
    assert f"all facts are in {memory_path / 'r1.jsonl'}" in caplog.text
    assert (memory_path / "r1.jsonl").exists()
