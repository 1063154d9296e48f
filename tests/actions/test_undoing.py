"""A fault comes out whatever the ledger does, and whoever else is at it."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actions.ledger.in_file import InFile
from actions.ledger.record import Record, Undo
from actions.ledger.store import LedgerError, TransientLedgerError
from actions.systems import Systems
from actions.undoing import undo_record
from clients.kube_errors import ForbiddenError
from clients.node_killer import NoNodeKillerError
from tests.actions.ledger.rigged import World, fresh_world, rigged_record

SYSTEMS = Systems()


@pytest.fixture
def world() -> World:
    return fresh_world()


@pytest.fixture
def ledger(memory_path: Path) -> Iterator[InFile]:
    opened = InFile(memory_path / "ledger.sqlite")
    yield opened
    opened.close()


def injected(ledger: InFile, world: World, number: int = 1) -> Record:
    record = ledger.add(rigged_record(number))
    world.broken.add(record.target.name)
    return ledger.move(record.moved("active", record.changed_at + 1))


def test_a_fault_in_effect_is_undone_and_written_down(ledger: InFile, world: World) -> None:
    record = injected(ledger, world)
    undone = undo_record(ledger, record, SYSTEMS)
    assert (undone.state, world.broken) == ("undone", set())
    assert ledger.get(record.id) == undone


@pytest.mark.parametrize("state", ["intended", "active", "undoing", "undone", "stuck"])
def test_a_fault_is_undone_from_every_state(ledger: InFile, world: World, state: str) -> None:
    record = ledger.add(rigged_record(state=state))
    world.broken.add(record.target.name)
    assert undo_record(ledger, record, SYSTEMS).state == "undone"
    assert world.broken == set()


def test_where_nothing_was_injected_the_undo_is_quiet(ledger: InFile, world: World) -> None:
    assert undo_record(ledger, ledger.add(rigged_record()), SYSTEMS).state == "undone"


def test_an_undo_that_fails_at_first_is_repeated(ledger: InFile, world: World) -> None:
    record = injected(ledger, world)
    world.problems = [ConnectionResetError("dropped"), TimeoutError("slow")]
    assert undo_record(ledger, record, SYSTEMS).state == "undone"


def test_a_fault_that_does_not_come_out_is_stuck_and_says_what_to_do(ledger: InFile, world: World) -> None:
    record = injected(ledger, world)
    world.stubborn.add(record.target.name)
    stuck = undo_record(ledger, record, SYSTEMS)
    assert stuck.state == "stuck"
    assert "it cannot be seen to be gone: what was injected is still there" in stuck.reason
    assert "put pod ml-serving/llm-1 right by hand, or mend what is named, and run: chaos recover" in stuck.reason
    assert ledger.get(record.id) == stuck
    assert world.undone.count("llm-1") > 1


@pytest.mark.parametrize("error", [ForbiddenError("may not patch nodes"), NoNodeKillerError("set MLCHAOS_NODE_START")])
def test_what_no_repetition_helps_is_stuck_soon(
    ledger: InFile, world: World, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.actions.ledger.rigged.RiggedFault.undone_within", 300.0)
    monkeypatch.setattr("actions.undoing.PERMANENT_SECONDS", 0.05)
    world.problems = [error] * 1000
    stuck = undo_record(ledger, injected(ledger, world), SYSTEMS)
    assert stuck.state == "stuck"
    assert f"its undo fails: {error} (tried for 0." in stuck.reason
    assert stuck.reason.endswith("run: chaos recover")


def test_what_helps_after_a_while_is_waited_for(ledger: InFile, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.actions.ledger.rigged.RiggedFault.undone_within", 300.0)
    world.problems = [ForbiddenError("not yet"), TimeoutError("slow"), ForbiddenError("not yet")]
    assert undo_record(ledger, injected(ledger, world), SYSTEMS).state == "undone"


def test_what_is_stuck_comes_out_once_it_can(ledger: InFile, world: World) -> None:
    record = injected(ledger, world)
    world.stubborn.add(record.target.name)
    stuck = undo_record(ledger, record, SYSTEMS)
    world.stubborn.clear()
    assert undo_record(ledger, stuck, SYSTEMS).state == "undone"


def test_a_fault_of_an_unknown_family_is_stuck(ledger: InFile, world: World) -> None:
    record = ledger.add(replace(rigged_record(), undo=Undo("teleport.away", {})))
    assert "no fault family 'teleport'" in undo_record(ledger, record, SYSTEMS).reason


def test_a_target_in_another_cluster_does_not_count_as_gone(
    ledger: InFile, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Here(Systems):
        @property
        def kube(self) -> Any:
            return SimpleNamespace(server="https://here:6443")

    monkeypatch.setattr("tests.actions.ledger.rigged.RiggedFault.needs", ("kubernetes",))
    stuck = undo_record(ledger, ledger.add(rigged_record(cluster="https://elsewhere:6443")), Here())
    assert stuck.state == "stuck"
    assert (
        "pod ml-serving/llm-1 is in https://elsewhere:6443, and KUBECONFIG leads to https://here:6443" in stuck.reason
    )
    assert world.undone == []
    assert undo_record(ledger, ledger.add(rigged_record(2, cluster="https://here:6443")), Here()).state == "undone"


def test_two_who_undo_at_once_agree(ledger: InFile, world: World) -> None:
    record = injected(ledger, world)
    together = threading.Barrier(2, timeout=5)

    def meet(record: Record) -> None:
        together.wait()

    world.on_undo = meet
    results: list[Record] = []
    other = threading.Thread(target=lambda: results.append(undo_record(ledger, record, SYSTEMS)))
    other.start()
    results.append(undo_record(ledger, record, SYSTEMS))
    other.join()
    assert {result.state for result in results} == {"undone"}
    present = ledger.get(record.id)
    assert present is not None
    assert present.state == "undone"


class LateInjection(InFile):
    """A ledger on which the run makes its record active just before somebody else writes that he undoes it."""

    def __init__(self, path: Path, world: World) -> None:
        super().__init__(path)
        self.world = world
        self.late = True

    def move(self, record: Record) -> Record:
        if self.late and record.state == "undoing":
            self.late = False
            present = self.get(record.id)
            assert present is not None
            super().move(present.moved("active", record.changed_at))
        if record.state == "undone" and not self.late and self.world.undone == ["llm-1"]:
            # The request that was in flight lands after the undo was seen to have worked.
            self.world.broken.add("llm-1")
            self.world.undone.append("landed")
            super().move(replace(record, state="active", version=self._version(record.id)))
        return super().move(record)

    def _version(self, record_id: str) -> str:
        present = self.get(record_id)
        assert present is not None
        return present.version


def test_an_injection_that_lands_after_the_undo_is_taken_out_again(memory_path: Path, world: World) -> None:
    ledger = LateInjection(memory_path / "ledger.sqlite", world)
    undone = undo_record(ledger, ledger.add(rigged_record()), SYSTEMS)
    assert undone.state == "undone"
    assert world.broken == set()
    assert world.undone == ["llm-1", "landed", "llm-1"]
    ledger.close()


def test_a_record_that_somebody_removed_is_written_down_again_while_its_fault_is_in(
    ledger: InFile, world: World
) -> None:
    record = injected(ledger, world)
    other = ledger.move(record.moved("undoing", 1.0))
    ledger.remove(ledger.move(other.moved("undone", 2.0)))
    world.stubborn.add(record.target.name)
    stuck = undo_record(ledger, record, SYSTEMS)
    assert stuck.state == "stuck"
    assert ledger.get(record.id) == stuck


class DeadLedger(InFile):
    """It answers nothing any more."""

    error: LedgerError = LedgerError("gone")

    def move(self, record: Record) -> Record:
        raise self.error

    def get(self, record_id: str) -> Record | None:
        raise self.error


def test_a_fault_is_undone_though_the_ledger_does_not_answer(memory_path: Path, world: World) -> None:
    ledger = DeadLedger(memory_path / "ledger.sqlite")
    record = injected_into_dead(ledger, world)
    assert undo_record(ledger, record, SYSTEMS).state == "undone"
    assert world.broken == set()
    ledger.close()


def injected_into_dead(ledger: DeadLedger, world: World) -> Record:
    record = ledger.add(rigged_record())
    world.broken.add(record.target.name)
    return record


class Flaky(InFile):
    """Every second write is done, and its answer lost."""

    writes = 0

    def move(self, record: Record) -> Record:
        moved = super().move(record)
        self.writes += 1
        if self.writes % 2:
            raise TransientLedgerError("the connection was dropped")
        return moved


def test_lost_answers_of_the_ledger_do_no_harm(memory_path: Path, world: World) -> None:
    ledger = Flaky(memory_path / "ledger.sqlite")
    record = ledger.add(rigged_record())
    world.broken.add("llm-1")
    undone = undo_record(ledger, record, SYSTEMS)
    assert undone.state == "undone"
    present = ledger.get(record.id)
    assert present is not None
    assert present.state == "undone"
    ledger.close()
