"""A run that is stopped while its undo is being written down breaks nothing more, however slow its ledger is."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actions.fault import Draft, Target
from actions.injecting import inject_planned
from actions.ledger.in_file import InFile
from actions.ledger.record import Record
from actions.planned import PlannedFault
from actions.run_context import Run, StoppedError, close_run, open_run
from actions.systems import Systems
from tests.actions.ledger.rigged import NAME, World, fresh_world


class SlowLedger(InFile):
    """While it writes something down, something else happens."""

    meanwhile: dict[str, Callable[[], None]]

    def add(self, record: Record) -> Record:
        added = super().add(record)
        self.meanwhile.get("add", lambda: None)()
        return added


@pytest.fixture
def ledger(memory_path: Path) -> Iterator[SlowLedger]:
    opened = SlowLedger(memory_path / "ledger.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def world() -> World:
    return fresh_world()


@pytest.fixture
def run(ledger: SlowLedger) -> Iterator[Run]:
    draft = Draft((Target("pod", "llm-1", "ml-serving", "uid-1"),), "it is mended", ())
    opened = Run("run-a", (PlannedFault("break it", NAME, {}, draft),), ledger, Systems())
    opened.expires_at = time.time() + 60
    open_run(opened)
    yield opened
    close_run()


def stop(run: Run) -> None:
    run.stop("halted")


def expire(run: Run) -> None:
    run.expires_at = 0.0


def lose_the_guard(run: Run) -> None:
    run.unguarded = lambda: "the SLOs are not watched any more"


@pytest.mark.parametrize(
    ("change", "why"), [(stop, "halted"), (expire, "duration is over"), (lose_the_guard, "not watched any more")]
)
def test_what_ends_a_run_while_the_undo_is_written_down_keeps_the_fault_out(
    ledger: SlowLedger, world: World, run: Run, change: Callable[[Run], None], why: str
) -> None:
    ledger.meanwhile = {"add": lambda: change(run)}
    with pytest.raises(StoppedError, match=why):
        inject_planned(NAME, {})
    assert world.broken == set()
    assert {record.state for record in ledger.records()} == {"undone"}


def test_a_run_that_goes_on_breaks_what_was_planned(ledger: SlowLedger, world: World, run: Run) -> None:
    ledger.meanwhile = {}
    inject_planned(NAME, {})
    assert world.broken == {"llm-1"}
