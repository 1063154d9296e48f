"""What a run notes of its ledger and its readings."""

from dataclasses import replace
from pathlib import Path

import pytest

from actions.fault import Target
from actions.ledger.in_file import InFile
from actions.ledger.record import Record, Undo
from clients.prometheus import Known, Unknown
from probes.slo_watch import Watched, WatchedSlo
from runner.guarding.noting import NotedLedger, Notes
from runner.guarding.stops import Stop, StopKind
from runner.runs.record import RunRecord
from runner.runs.spool import Beginning, Spool
from runner.runs.spooled import read_spool

AT = 1_795_000_000.0
RECORD = Record("rec", "r1", "made.up", Target("pod", "a", "b", "uid"), Undo("made.up", {}), AT, AT + 60, changed_at=AT)


@pytest.fixture
def spool(memory_path: Path) -> Spool:
    made = Spool("r1", memory_path)
    made.began(Beginning("r1", "t", AT, dry=False))
    return made


def noted(spool: Spool) -> RunRecord:
    assert spool.path is not None
    return read_spool(spool.path.read_text().splitlines(), lambda _: True).record


def test_each_state_that_the_ledger_takes_is_noted_once(spool: Spool, memory_path: Path) -> None:
    notes = Notes(spool)
    ledger = NotedLedger(InFile(memory_path / "ledger.sqlite", ""), notes)
    ledger.beat("r1", AT)
    record = ledger.add(RECORD)
    record = ledger.move(record.moved("active", AT + 1))
    notes.record(record)
    record = ledger.move(record.moved("undoing", AT + 2))
    record = ledger.move(record.moved("stuck", AT + 3, "the API is away"))
    told = [(one.at, one.state, one.reason, one.target) for one in noted(spool).transitions]
    assert told == [
        (AT, "intended", "", str(RECORD.target)),
        (AT + 1, "active", "", str(RECORD.target)),
        (AT + 2, "undoing", "", str(RECORD.target)),
        (AT + 3, "stuck", "the API is away", str(RECORD.target)),
    ]
    ledger.close()


def test_an_outcome_that_the_ledger_did_not_take_is_noted_all_the_same(spool: Spool) -> None:
    notes = Notes(spool)
    notes.record(RECORD)
    notes.record(replace(RECORD, state="undone", changed_at=AT + 5))
    assert [one.state for one in noted(spool).transitions] == ["intended", "undone"]


def test_readings_are_noted_with_why_they_are_unknown(spool: Spool) -> None:
    known = WatchedSlo("a", Known(2.5, AT), Known(0.25, AT))
    unknown = WatchedSlo("b", Unknown("no events"), Unknown("no events"))
    Notes(spool).watched(Watched(AT + 1, (known, unknown)))
    assert [(one.slo, one.burn, one.spend, one.reason) for one in noted(spool).samples] == [
        ("a", 2.5, 0.25, ""),
        ("b", None, None, "no events"),
    ]


def test_the_first_stop_is_noted(spool: Spool) -> None:
    notes = Notes(spool)
    notes.stopped(Stop(StopKind.BREACH, "it burns", AT + 1))
    notes.stopped(Stop(StopKind.HALT, "by me", AT + 2))
    stop = noted(spool).stop
    assert stop is not None
    assert (stop.kind, stop.reason, stop.at) == ("breach", "it burns", AT + 1)
