"""What a run leaves in a Grafana, and the month's allowance that it is held to."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.grafana_double import TOKEN, GrafanaDouble, grafana_double
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
        made = Stage(program, tmp_path, script, url)
        made.experiment["method"] = [made.touch(), made.note()]
        yield made


@pytest.fixture
def grafana(stage: Stage) -> Iterator[GrafanaDouble]:
    with grafana_double() as double:
        stage.environment |= {"GRAFANA_URL": double.url, "GRAFANA_TOKEN": TOKEN}
        yield double


def test_a_run_leaves_one_region_with_its_verdict(stage: Stage, grafana: GrafanaDouble) -> None:
    ended = stage.run()
    (region,) = grafana.annotations.values()
    assert region["tags"] == ["mlchaos", f"verdict:{ended.verdict}"]
    assert ended.journal["mlchaos"]["run_id"] in region["text"]
    assert region["timeEnd"] > region["time"]
    assert ended.journal["mlchaos"]["warnings"] == []


def test_a_run_that_is_killed_has_left_the_region_of_its_beginning(stage: Stage, grafana: GrafanaDouble) -> None:
    stage.experiment["method"] = [stage.touch(), stage.block()]
    running = stage.start()
    stage.until("blocked", running)
    wait_for(lambda: grafana.annotations, 30)
    os.kill(running.pid, signal.SIGKILL)
    wait_for(lambda: running.poll(0.1) is not None, 30)
    assert "verdict:running" in grafana.annotations[1]["tags"]


def test_a_refused_run_is_annotated_and_a_dry_one_is_not(stage: Stage, grafana: GrafanaDouble) -> None:
    stage.run("--dry", "actions")
    assert grafana.annotations == {}
    stage.environment["MLCHAOS_CHAOS_ALLOWANCE"] = "50%"
    ended = stage.run()
    assert ended.verdict == "refused"
    assert "this run may spend 100%, and 50% is allowed" in ended.journal["mlchaos"]["reason"]
    assert "verdict:refused" in grafana.annotations[1]["tags"]


def test_a_grafana_that_refuses_changes_nothing_but_a_warning(stage: Stage, grafana: GrafanaDouble) -> None:
    grafana.refuse = 403, {"message": f"no rights for {TOKEN}"}
    ended = stage.run()
    assert (ended.verdict, ended.status) == ("held", 0)
    (warning,) = ended.journal["mlchaos"]["warnings"]
    assert warning.startswith("the run is not annotated in Grafana: cannot")
    assert TOKEN not in ended.printed + ended.said + str(ended.journal)


def test_an_allowance_that_is_not_known_to_last_refuses(stage: Stage) -> None:
    stage.environment |= {"MLCHAOS_CHAOS_ALLOWANCE": "100%", "MLCHAOS_STORE": "postgresql://me:hunter2@127.0.0.1:1/x"}
    ended = stage.run()
    assert ended.verdict == "refused"
    assert "what chaos runs have spent this month is not known" in ended.journal["mlchaos"]["reason"]
    assert "hunter2" not in ended.printed + ended.said + str(ended.journal)
    assert stage.left == []


def test_a_run_that_keeps_within_the_allowance_is_let_in_and_does_not_stand_in_its_own_way(stage: Stage) -> None:
    stage.environment["MLCHAOS_CHAOS_ALLOWANCE"] = "100%"
    assert stage.run().verdict == "held"
