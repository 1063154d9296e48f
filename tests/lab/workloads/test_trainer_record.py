"""What failures cost, worked out by hand."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.workloads.trainer.record import Claim, RunRecord, newer


def trained(until: int, record: RunRecord, at: float = 100.0) -> RunRecord:
    """The record after steps of 0.1 s up to `until`."""
    for step in range(record.step + 1, until + 1):
        at += 0.1
        record = record.stepped(step, at, 0.1)
    return record


START = RunRecord(started_at=100.0, epoch=1)


def test_a_run_without_failures_loses_nothing() -> None:
    record = trained(50, START)
    assert (record.step, record.lost_steps, record.recoveries) == (50, 0, 0)
    assert record.productive_seconds == pytest.approx(5.0)


def test_steps_after_the_restored_one_are_lost() -> None:
    record = trained(137, START).restored(120, 2, [])
    assert (record.lost_steps, record.last_lost_steps) == (17, 17)
    assert record.recoveries == 0


def test_recovery_lasts_from_the_last_old_step_to_the_first_new_one() -> None:
    broken = trained(137, START)
    record = broken.restored(120, 2, []).stepped(121, broken.step_at + 4.5, 0.1)
    assert record.recoveries == 1
    assert record.last_recovery_seconds == pytest.approx(4.5)


def test_steps_done_again_are_not_productive() -> None:
    broken = trained(137, START)
    record = trained(140, broken.restored(120, 2, []), at=200.0)
    assert record.productive_seconds == pytest.approx(14.0)


def test_a_survivor_knows_of_steps_that_the_record_missed() -> None:
    record = trained(135, START).restored(120, 2, [Claim(1, 137, 113.7)])
    assert record.last_lost_steps == 17
    assert record.recovering_since == pytest.approx(113.7)


def test_a_claim_from_before_the_last_restore_counts_once_only() -> None:
    restored = trained(137, START).restored(120, 2, [])
    again = restored.restored(120, 3, [Claim(1, 137, 113.7)])
    assert again.lost_steps == 17


def test_a_failure_during_a_recovery_lengthens_it() -> None:
    broken = trained(137, START)
    record = broken.restored(120, 2, []).restored(100, 3, []).stepped(101, broken.step_at + 9.0, 0.1)
    assert (record.lost_steps, record.last_lost_steps, record.recoveries) == (37, 37, 1)
    assert record.last_recovery_seconds == pytest.approx(9.0)


def test_a_restore_of_the_last_step_is_a_recovery_without_loss() -> None:
    record = trained(137, START).restored(137, 2, []).stepped(138, 200.0, 0.1)
    assert (record.lost_steps, record.last_lost_steps, record.recoveries) == (0, 0, 1)


def test_the_first_start_is_no_recovery() -> None:
    record = RunRecord(started_at=1.0).restored(0, 1, [Claim(0, 0, 0.0)]).stepped(1, 2.0, 0.1)
    assert (record.recoveries, record.lost_steps) == (0, 0)


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 30)), max_size=8))
def test_steps_done_are_steps_kept_plus_steps_lost(failures: list[tuple[int, int]]) -> None:
    record, done, epoch = START, 0, 1
    for steps, back in failures:
        record = trained(record.step + steps, record)
        done += steps
        epoch += 1
        record = record.restored(max(0, record.step - back), epoch, [record.claim()])
    assert done == record.step + record.lost_steps
    assert record.productive_seconds == pytest.approx(record.furthest_step * 0.1)


def test_a_record_survives_as_json() -> None:
    record = trained(3, START).restarted("timeout").restarted("timeout").restarted("process")
    again = RunRecord.from_document(json.loads(json.dumps(record.as_document())))
    assert again == record
    assert again.restarts == {"timeout": 2, "process": 1}


def test_the_newer_record_is_of_the_later_epoch_and_step() -> None:
    old, new = trained(30, START), trained(30, START).restored(20, 2, [])
    assert newer(old, new) is new
    assert newer(new, old) is new
    assert newer(None, old) is old
    assert newer(None, None) is None
