"""What a run leaves behind: whatever becomes of it, the store has its facts."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.runs.record import DIED, RUNNING
from runner.store.opening import open_store
from runner.store.store import Store
from tests.guard.slo_prometheus import SloScript, slo_prometheus
from tests.guard.stage import Program, Stage
from tests.waiting import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    made = Program()
    yield made
    made.close()


@pytest.fixture
def stage(program: Program, tmp_path: Path) -> Iterator[Stage]:
    script = SloScript()
    with slo_prometheus(script) as url:
        yield Stage(program, tmp_path, script, url)


@pytest.fixture
def stored(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process reads the store of the stage."""
    monkeypatch.setenv("MLCHAOS_STATE_DIR", stage.environment["MLCHAOS_STATE_DIR"])
    monkeypatch.delenv("MLCHAOS_STORE", raising=False)


def opened() -> Store:
    store = open_store()
    assert store.warnings == ()
    return store


@pytest.mark.usefixtures("stored")
def test_a_run_that_ended_is_in_the_store_with_all_that_happened(stage: Stage) -> None:
    stage.experiment["method"] = [stage.touch(), stage.note()]
    stage.experiment["tags"] = ["tests"]
    ended = stage.run()
    assert not list((stage.path("state") / "spool").iterdir())
    with opened() as store:
        run = store.run("latest")
    assert (run.verdict, run.run_id) == (ended.verdict, ended.journal["mlchaos"]["run_id"])
    assert run.summary == json.loads(json.dumps(ended.journal["mlchaos"]))
    assert run.experiment.endswith("experiment.yaml")
    assert (run.tags, run.faults, run.dry) == (("tests",), 1, False)
    assert [one.state for one in run.transitions] == ["intended", "active", "undoing", "undone"]
    assert {one.slo for one in run.samples} == set(stage.script.names)
    assert [one.slo for one in run.objectives] == list(stage.script.names)
    assert run.plan["digest"] == run.digest
    assert run.token.endswith(run.digest)
    assert {"mlchaos", "chaostoolkit", "python"} <= set(run.versions)


@pytest.mark.usefixtures("stored")
def test_a_run_that_is_killed_has_died_and_its_facts_are_known(stage: Stage) -> None:
    running = stage.start()
    stage.until("blocked", running)
    with opened() as store:
        assert [row.verdict for row in store.unfinished()] == [RUNNING]
    os.kill(running.pid, signal.SIGKILL)
    wait_for(lambda: running.poll(0.1) is not None, 30)
    with opened() as store:
        run = store.run("latest")
        assert not store.unfinished()
    assert (run.verdict, run.ended_at, run.faults) == (DIED, None, 1)
    assert [one.state for one in run.transitions] == ["intended", "active"]
    assert run.samples
    assert f"chaos recover --run {run.run_id}" in run.reason


@pytest.mark.usefixtures("stored")
def test_a_store_that_is_away_changes_nothing_of_a_run_and_gets_it_later(stage: Stage) -> None:
    stage.experiment["method"] = [stage.touch(), stage.note()]
    verdict = stage.run().verdict
    stage.environment["MLCHAOS_STORE"] = "postgresql://me:hunter2@127.0.0.1:1/results"
    ended = stage.run()
    assert ended.verdict == verdict
    assert "not in the results store yet" in ended.said
    assert "hunter2" not in ended.said + ended.printed
    with opened() as store:
        assert [row.verdict for row in store.runs()] == [verdict, verdict]
