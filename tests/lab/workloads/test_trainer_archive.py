"""Which checkpoint a job goes on from, and how the writers deal with a store in trouble."""

import json
import threading
from dataclasses import replace

import numpy as np
import structlog

from lab.workloads.trainer.archive import Archive
from lab.workloads.trainer.checkpoint import Checkpoint
from lab.workloads.trainer.metrics import TrainerMetrics
from lab.workloads.trainer.objectstore import ObjectStore, StoreError
from lab.workloads.trainer.record import RunRecord
from lab.workloads.trainer.saving import CheckpointWriter, RecordWriter

LOG: structlog.stdlib.BoundLogger = structlog.get_logger()
JOB = {"job": "job", "rank": "0"}


class MemoryStore(ObjectStore):
    """A store in memory that fails while `failing`."""

    def __init__(self) -> None:
        super().__init__("http://nowhere", 1.0)
        self.objects: dict[str, bytes] = {}
        self.failing = False
        self.failed = threading.Event()

    def _check(self) -> None:
        if self.failing:
            self.failed.set()
            raise StoreError("unreachable", "the store is down")

    def put(self, key: str, data: bytes) -> None:
        self._check()
        self.objects[key] = data

    def get(self, key: str) -> bytes | None:
        self._check()
        return self.objects.get(key)

    def keys(self, prefix: str) -> list[str]:
        self._check()
        return sorted(key for key in self.objects if key.startswith(prefix))

    def delete(self, key: str) -> None:
        self._check()
        self.objects.pop(key, None)


def checkpoint(step: int) -> Checkpoint:
    ones = np.full(4, step, np.float32)
    return Checkpoint(step, 100.0 + step, ones, ones, {"state": step}, RunRecord(started_at=1.0, step=step))


def saved(*steps: int, keep: int = 10) -> tuple[MemoryStore, Archive]:
    store = MemoryStore()
    archive = Archive(store, "job", LOG)
    for step in steps:
        archive.save(checkpoint(step))
        archive.prune(step, keep)
    return store, archive


def found(archive: Archive) -> tuple[int, int] | None:
    """Step of the checkpoint to go on from, and how many were passed over."""
    newest = archive.newest_whole()
    return newest and (newest[1].step, newest[2])


def test_a_job_without_checkpoints_begins_anew() -> None:
    assert found(saved()[1]) is None


def test_the_latest_checkpoint_is_gone_on_from() -> None:
    assert found(saved(20, 40, 60)[1]) == (60, 0)


def test_a_damaged_latest_checkpoint_gives_way_to_the_one_before() -> None:
    store, archive = saved(20, 40, 60)
    store.objects[archive.key(60)] = store.objects[archive.key(60)][:-1]
    assert found(archive) == (40, 1)


def test_a_missing_latest_checkpoint_gives_way_to_the_one_before() -> None:
    store, archive = saved(20, 40, 60)
    del store.objects[archive.key(60)]
    store.objects[archive.key(40)] = b"nonsense"
    assert found(archive) == (20, 2)


def test_without_a_readable_pointer_the_highest_whole_step_is_found() -> None:
    for pointer in (None, b"{", b'{"key": "elsewhere/step-1.ckpt"}', json.dumps(["list"]).encode()):
        store, archive = saved(20, 40)
        del store.objects["job/latest"]
        if pointer is not None:
            store.objects["job/latest"] = pointer
        assert found(archive) == (40, 0)


def test_a_checkpoint_that_was_not_pointed_at_is_not_believed() -> None:
    store, archive = saved(20)
    store.objects[archive.key(40)] = store.objects[archive.key(20)]
    assert found(archive) == (20, 0)


def test_only_the_last_checkpoints_are_kept() -> None:
    store, archive = saved(20, 40, 60, 80, keep=2)
    assert store.keys("job/checkpoints/") == [archive.key(60), archive.key(80)]


def test_checkpoints_of_an_undone_future_are_removed() -> None:
    store, archive = saved(20, 40, 60)
    archive.save(checkpoint(30))
    archive.prune(30, 10)
    assert store.keys("job/checkpoints/") == [archive.key(20), archive.key(30)]
    assert found(archive) == (30, 0)


def test_a_record_comes_back_and_a_damaged_one_is_none() -> None:
    store, archive = saved()
    assert archive.load_record() is None
    record = RunRecord(started_at=1.0, step=7, restarts={"timeout": 2})
    archive.save_record(record)
    assert archive.load_record() == record
    store.objects["job/record"] = b'{"step": 1}'
    assert archive.load_record() is None


def writer(store: MemoryStore) -> tuple[CheckpointWriter, TrainerMetrics]:
    metrics = TrainerMetrics("job", 0, 2.0, leads=True)
    return CheckpointWriter(Archive(store, "job", LOG), metrics, 3, LOG), metrics


def test_a_store_that_is_down_costs_attempts_and_not_the_checkpoint() -> None:
    store = MemoryStore()
    store.failing = True
    checkpoints, metrics = writer(store)
    checkpoints.submit(checkpoint(20))
    assert store.failed.wait(5)
    store.failing = False
    assert checkpoints.flush(5)
    assert found(Archive(store, "job", LOG)) == (20, 0)
    failures = metrics.registry.get_sample_value("mltrain_checkpoint_failures_total", {**JOB, "reason": "unreachable"})
    assert failures is not None
    assert failures >= 1
    assert metrics.registry.get_sample_value("mltrain_checkpoint_seconds_count", JOB) == 1
    assert metrics.last_checkpoint_time() == 120.0


def test_a_newer_checkpoint_takes_the_place_of_one_that_is_being_retried() -> None:
    store = MemoryStore()
    store.failing = True
    checkpoints, metrics = writer(store)
    checkpoints.submit(checkpoint(20))
    assert store.failed.wait(5)
    checkpoints.submit(checkpoint(40))
    store.failing = False
    assert checkpoints.flush(5)
    assert metrics.registry.get_sample_value("mltrain_checkpoint_seconds_count", JOB) == 1
    assert found(Archive(store, "job", LOG)) == (40, 0)


def test_settling_gives_up_on_what_cannot_be_stored() -> None:
    store = MemoryStore()
    store.failing = True
    checkpoints, _ = writer(store)
    checkpoints.submit(checkpoint(20))
    assert store.failed.wait(5)
    checkpoints.settle(0.01)
    assert checkpoints.flush(5)
    store.failing = False
    assert found(Archive(store, "job", LOG)) is None


def test_the_last_record_is_written_at_the_end() -> None:
    store = MemoryStore()
    archive = Archive(store, "job", LOG)
    record = RunRecord(started_at=1.0)
    current = [record]
    writes = RecordWriter(archive, lambda: current[0])
    current[0] = replace(record, step=9)
    writes.end(5)
    assert archive.load_record() == current[0]
