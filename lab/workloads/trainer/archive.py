"""Where a job's checkpoints lie in the object store, and which of them to go on from.

JOB/checkpoints/step-000000000120.ckpt are the checkpoints, JOB/latest is a JSON pointer to the newest one that was
stored whole, JOB/record the run's account.
"""

import json
from collections.abc import Iterator

from lab.logs import structlog
from lab.workloads.trainer.checkpoint import Checkpoint, CorruptCheckpointError, decode, encode
from lab.workloads.trainer.objectstore import ObjectStore
from lab.workloads.trainer.record import RunRecord


class Archive:
    """The checkpoints and the record of one job. Methods raise StoreError."""

    def __init__(self, store: ObjectStore, job: str, log: structlog.stdlib.BoundLogger) -> None:
        self._store = store
        self._prefix = f"{job}/checkpoints/step-"
        self._latest = f"{job}/latest"
        self._record = f"{job}/record"
        self._log = log

    def close(self) -> None:
        """Drop the connection to the store."""
        self._store.close()

    def key(self, step: int) -> str:
        """The key of a step's checkpoint; keys sort like steps."""
        return f"{self._prefix}{step:012d}.ckpt"

    def save(self, checkpoint: Checkpoint) -> None:
        """Store a checkpoint, then point at it."""
        key = self.key(checkpoint.step)
        self._store.put(key, encode(checkpoint))
        self._store.put(self._latest, json.dumps({"key": key, "step": checkpoint.step}).encode())

    def prune(self, step: int, keep: int) -> None:
        """Remove all checkpoints but the last `keep` up to `step`.

        Those beyond it are of a time that a restore has undone, and must not be found again.
        """
        newest = self.key(step)
        keys = self._store.keys(self._prefix)
        for key in [*(k for k in keys if k > newest), *[k for k in keys if k <= newest][:-keep]]:
            self._store.delete(key)

    def load(self, key: str) -> Checkpoint:
        """The checkpoint under `key`.

        Raises CorruptCheckpointError when it is damaged or not there.
        """
        data = self._store.get(key)
        if data is None:
            raise CorruptCheckpointError("it is not there")
        return decode(data)

    def newest_whole(self) -> tuple[str, Checkpoint, int] | None:
        """Key and contents of the checkpoint to go on from, and how many damaged or missing ones were passed over.

        None when the job has none at all.
        """
        passed_over = 0
        for key in self._candidates():
            try:
                return key, self.load(key), passed_over
            except CorruptCheckpointError as error:
                passed_over += 1
                self._log.warning(
                    "checkpoint cannot be used, falling back to the one before", key=key, error=str(error)
                )
        return None

    def _candidates(self) -> Iterator[str]:
        """Keys from the newest on: the one pointed at, then all older ones."""
        pointed = self._pointed_key()
        if pointed is not None:
            yield pointed
        for key in reversed(self._store.keys(self._prefix)):
            if pointed is None or key < pointed:
                yield key

    def _pointed_key(self) -> str | None:
        data = self._store.get(self._latest)
        if data is None:
            return None
        try:
            key = str(json.loads(data)["key"])
        except (ValueError, KeyError, TypeError) as error:
            self._log.warning("the pointer to the latest checkpoint is damaged", key=self._latest, error=repr(error))
            return None
        return key if key.startswith(self._prefix) else None

    def save_record(self, record: RunRecord) -> None:
        """Store the run's account."""
        self._store.put(self._record, json.dumps(record.as_document()).encode())

    def load_record(self) -> RunRecord | None:
        """The run's account; None when there is none, or none that can be read."""
        data = self._store.get(self._record)
        if data is None:
            return None
        try:
            return RunRecord.from_document(json.loads(data))
        except (ValueError, KeyError, TypeError) as error:
            self._log.warning("the run's record is damaged", key=self._record, error=repr(error))
            return None
