"""Runs beside each other: one target is broken by one of them at a time, and a halt stops them all."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from actions.ledger.in_file import InFile
from actions.ledger.open import FILE
from actions.ledger.record import DEAD_AFTER_SECONDS
from runner.cli.halt import halt, resume
from tests.guard.slo_prometheus import SloScript, slo_prometheus
from tests.guard.stage import Program, Stage
from tests.waiting import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def programs() -> Iterator[tuple[Program, Program]]:
    made = Program(), Program()
    yield made
    for program in made:
        program.close()


@pytest.fixture
def stages(programs: tuple[Program, Program], tmp_path: Path) -> Iterator[tuple[Stage, Stage]]:
    """Two experiments that break the same file, with one ledger."""
    script = SloScript()
    with slo_prometheus(script) as url:
        made = []
        for number, program in enumerate(programs):
            directory = tmp_path / str(number)
            directory.mkdir()
            stage = Stage(program, directory, script, url)
            stage.environment["MLCHAOS_STATE_DIR"] = str(tmp_path / "state")
            stage.experiment["method"][0]["provider"]["arguments"]["directory"] = str(tmp_path)
            made.append(stage)
        yield made[0], made[1]


def broken(stage: Stage, name: str = "broken") -> bool:
    return (stage.directory.parent / name).exists()


def last_beat(stage: Stage) -> float:
    """When the one run in the ledger last said that it lives."""
    ledger = InFile(Path(stage.environment["MLCHAOS_STATE_DIR"]) / FILE, "")
    try:
        (beat,) = ledger.heartbeats()
    finally:
        ledger.close()
    return beat.at


def test_a_second_run_on_the_target_is_refused_as_long_as_the_first_is_at_it(stages: tuple[Stage, Stage]) -> None:
    first, second = stages
    running = first.start()
    first.until("blocked", running)

    refused = second.run()

    assert (refused.status, refused.verdict) == (1, "refused"), refused.said
    assert "path:broken" in refused.reason
    assert not second.path("blocked").exists()
    assert broken(first), "the first run's fault is its own"
    running.send_signal(signal.SIGTERM)
    assert first.finish(running).verdict == "aborted"
    assert not broken(first)

    second.experiment["method"][1] = second.note()
    held = second.run()
    assert held.verdict == "held", held.said


def test_what_a_dead_run_has_left_on_the_target_has_to_come_out_first(stages: tuple[Stage, Stage]) -> None:
    first, second = stages
    running = first.start()
    first.until("blocked", running)
    running.send_signal(signal.SIGKILL)
    running.poll(60)
    # Until then it may only have been held up, and its lock is respected without a further word.
    wait_for(lambda: time.time() - last_beat(first) > DEAD_AFTER_SECONDS, 30)

    refused = second.run()

    assert refused.verdict == "refused", refused.said
    assert "chaos recover" in refused.reason
    assert broken(first)


def test_one_halt_stops_every_run_and_refuses_new_ones_until_it_is_lifted(stages: tuple[Stage, Stage]) -> None:
    first, second = stages
    second.experiment["method"][0]["provider"]["arguments"]["names"] = ["another"]
    running = [(stage, stage.start()) for stage in stages]
    for stage, run in running:
        stage.until("blocked", run)
    environment = {key: first.environment[key] for key in ("MLCHAOS_STATE_DIR", "MLCHAOS_LEDGER")}

    said = CliRunner().invoke(halt, ["--why", "an incident", "--wait", "60"], env=environment)

    ended = [stage.finish(run) for stage, run in running]
    assert said.exit_code == 0, said.output
    assert [(one.verdict, "an incident" in one.reason) for one in ended] == [("aborted", True)] * 2
    assert not broken(first)
    assert not broken(second, "another")
    assert second.run().verdict == "refused"
    assert CliRunner().invoke(resume, env=environment).exit_code == 0
    second.experiment["method"][1] = second.note()
    assert second.run().verdict == "held"
