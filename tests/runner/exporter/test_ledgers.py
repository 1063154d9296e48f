from pathlib import Path

import pytest

from actions.ledger.in_file import InFile
from actions.ledger.record import Halt
from actions.ledger.store import Ledger, LedgerError
from actions.ledger.takeover import Clock
from runner.exporter.ledgers import Ledgers
from tests.actions.ledger.records import record
from tests.runner.exporter.scrape import series

NOW = 1_000.0


class Scene:
    """A local ledger that a run writes into, and what looks at it. Time passes as the test says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = 0.0
        self.opened = 0
        self.problems: list[LedgerError] = []
        self.ledgers = Ledgers(self._open, Clock(lambda: NOW, lambda: self.now))

    def _open(self) -> tuple[list[Ledger], list[LedgerError]]:
        self.opened += 1
        there: list[Ledger] = [InFile(self.path, "")] if self.path.exists() else []
        return there, self.problems

    def writer(self) -> InFile:
        return InFile(self.path, "")

    def served(self) -> dict[str, float]:
        return series(self.ledgers.look())


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "ledger.sqlite")


def test_a_fault_in_the_ledger_is_served_and_its_run_lives(scene: Scene) -> None:
    ledger = scene.writer()
    ledger.beat("r", NOW)
    one = ledger.add(record(run="r"))
    found = scene.served()
    assert sum(found[name] for name in found if f'state="{one.state}"' in name) == 1
    assert found["mlchaos_runs_alive"] == 1
    ledger.halt(Halt("incident", "ann", 0.0))
    assert scene.served()["mlchaos_halted"] == 1


def test_a_run_whose_heartbeat_stands_still_does_not_live(scene: Scene) -> None:
    scene.writer().beat("r", NOW)
    assert scene.served()["mlchaos_runs_alive"] == 1
    scene.now += 5
    assert scene.served()["mlchaos_runs_alive"] == 0


def test_a_run_of_a_machine_whose_clock_is_behind_lives_as_soon_as_it_beats(scene: Scene) -> None:
    ledger = scene.writer()
    ledger.beat("r", NOW - 600)
    assert scene.served()["mlchaos_runs_alive"] == 0
    ledger.beat("r", NOW - 599)
    scene.now += 1
    assert scene.served()["mlchaos_runs_alive"] == 1


def test_a_ledger_that_appears_is_found(scene: Scene) -> None:
    assert scene.served()["mlchaos_runs_alive"] == 0
    scene.writer().beat("r", NOW)
    scene.now += 10
    assert scene.served()["mlchaos_runs_alive"] == 1


def test_one_ledger_that_cannot_be_opened_leaves_all_unknown_and_is_tried_again(scene: Scene) -> None:
    scene.writer().beat("r", NOW)
    scene.problems = [LedgerError("no ledger: the cluster does not answer")]
    for _ in range(2):
        with pytest.raises(LedgerError, match="does not answer"):
            scene.served()
    assert scene.opened == 2
    scene.problems = []
    assert scene.served()["mlchaos_runs_alive"] == 1
