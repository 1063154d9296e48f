"""The two threads by which rank 0 writes to the store while training goes on: checkpoints, and the run's record."""

import threading
import time
from collections.abc import Callable

from lab.logs import structlog
from lab.workloads.trainer.archive import Archive
from lab.workloads.trainer.checkpoint import Checkpoint
from lab.workloads.trainer.metrics import TrainerMetrics
from lab.workloads.trainer.objectstore import StoreError
from lab.workloads.trainer.record import RunRecord

FIRST_RETRY_SECONDS = 0.25
LAST_RETRY_SECONDS = 2.0
RECORD_SECONDS = 0.25


class CheckpointWriter:
    """Stores checkpoints one after the other; a newer one takes the place of one that waits or is being retried.

    A slow or absent store costs checkpoints, and shows in the metrics, but never holds up a step.
    """

    def __init__(self, archive: Archive, metrics: TrainerMetrics, keep: int, log: structlog.stdlib.BoundLogger) -> None:
        self._archive = archive
        self._metrics = metrics
        self._keep = keep
        self._log = log
        self._changed = threading.Condition()
        self._waiting: Checkpoint | None = None
        self._busy = False
        self._discarded = 0
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._thread.start()

    def submit(self, checkpoint: Checkpoint) -> None:
        """Store this checkpoint as soon as may be. Its arrays must not change any more."""
        with self._changed:
            self._waiting = checkpoint
            self._changed.notify_all()

    def settle(self, timeout: float) -> None:
        """Let what is under way be stored within `timeout` seconds, then give up on it.

        To be called before the newest checkpoint is looked for, so that no late write overtakes what is found.
        """
        if self.flush(timeout):
            return
        with self._changed:
            self._waiting = None
            self._discarded += 1
            self._changed.notify_all()

    def flush(self, timeout: float) -> bool:
        """Wait until nothing is left to store; whether that came within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy and self._waiting is None, timeout)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting is not None)
                checkpoint, self._waiting = self._waiting, None
                self._busy = True
                discarded = self._discarded
            if checkpoint is not None:
                self._store(checkpoint, discarded)
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _store(self, checkpoint: Checkpoint, discarded: int) -> None:
        """Try until it is stored, or a newer one waits, or it is discarded."""
        started = time.monotonic()
        pause = FIRST_RETRY_SECONDS
        while True:
            try:
                self._archive.save(checkpoint)
            except StoreError as error:
                self._metrics.checkpoint_failed(error.reason)
                self._log.warning("checkpoint not stored", step=checkpoint.step, reason=error.reason, error=str(error))
            else:
                self._metrics.checkpoint_stored(checkpoint.wall_time, time.monotonic() - started)
                self._prune(checkpoint.step)
                return
            with self._changed:
                if self._changed.wait_for(lambda: self._waiting is not None or self._discarded != discarded, pause):
                    return
            pause = min(2 * pause, LAST_RETRY_SECONDS)

    def _prune(self, step: int) -> None:
        try:
            self._archive.prune(step, self._keep)
        except StoreError as error:
            self._log.warning("old checkpoints not removed", reason=error.reason, error=str(error))


class RecordWriter:
    """Stores the run's record every RECORD_SECONDS when it has changed, best effort: the next one is newer anyway."""

    def __init__(self, archive: Archive, current: Callable[[], RunRecord]) -> None:
        self._archive = archive
        self._current = current
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="record", daemon=True)
        self._thread.start()

    def end(self, timeout: float) -> None:
        """Write the last record and stop, within `timeout` seconds."""
        self._ended.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        written: RunRecord | None = None
        is_last = False
        while not is_last:
            is_last = self._ended.wait(RECORD_SECONDS)
            record = self._current()
            if record is written:
                continue
            try:
                self._archive.save_record(record)
            except StoreError:
                continue  # a store in trouble shows in the checkpoint metrics; the record is tried again at once
            written = record
