"""How a rank comes to a new ring: rank 0 leads (keeps the run's account, chooses the checkpoint), the others follow."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from lab.logs import structlog
from lab.workloads.trainer.allreduce import RingBrokenError, StoppedError
from lab.workloads.trainer.archive import Archive
from lab.workloads.trainer.assembly import Address
from lab.workloads.trainer.checkpoint import Checkpoint, CorruptCheckpointError
from lab.workloads.trainer.metrics import TrainerMetrics
from lab.workloads.trainer.objectstore import ObjectStore, StoreError
from lab.workloads.trainer.record import Claim, RunRecord, newer
from lab.workloads.trainer.rendezvous import Assignment, Member, RendezvousError, RendezvousServer, join
from lab.workloads.trainer.saving import CheckpointWriter, RecordWriter
from lab.workloads.trainer.settings import RankSettings
from lab.workloads.trainer.training import StepResult, StragglerGauge, TrainingState

_T = TypeVar("_T")

RETRY_SECONDS = 0.2
SETTLE_SECONDS = 1.0
FAREWELL_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Start:
    """What a rank begins a ring with; no checkpoint means from the very beginning."""

    assignment: Assignment
    checkpoint: Checkpoint | None


class Coordinator(Protocol):
    """What the training loop asks of a rank's part in the job, leading or following."""

    def assemble(self, ring_address: Address) -> Start:
        """Wait for the whole world. Raises StoppedError, or RingBrokenError("restore") when the state cannot be had."""

    def is_over(self) -> bool:
        """Whether the ring is known to be over before its connections tell."""

    def stepped(self, state: TrainingState, result: StepResult) -> None:
        """A step was done."""

    def checkpoint(self, state: TrainingState) -> None:
        """A checkpoint of `state`, which all ranks agree on, is due."""

    def left(self, reason: str) -> None:
        """This rank left the ring."""

    def farewell(self, state: TrainingState | None) -> None:
        """The process ends; `state` is the last complete one."""


class Leader:
    """Rank 0's part."""

    def __init__(
        self,
        settings: RankSettings,
        metrics: TrainerMetrics,
        stop: threading.Event,
        new_store: Callable[[], ObjectStore],
        log: structlog.stdlib.BoundLogger,
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._stop = stop
        self._log = log
        self._straggler = StragglerGauge()
        self._record = RunRecord(started_at=time.time())
        self._saved_step = 0
        self._archive = Archive(new_store(), settings.job, log)
        self._server = RendezvousServer(settings.pod_ip, settings.rendezvous_port, settings.world_size, log)
        metrics.account(lambda: self._record)
        self._resume_record()
        self._checkpoints = CheckpointWriter(
            Archive(new_store(), settings.job, log), metrics, settings.checkpoints_kept, log
        )
        self._records = RecordWriter(Archive(new_store(), settings.job, log), lambda: self._record)

    def _resume_record(self) -> None:
        """Go on with the account that an earlier process of this rank has kept."""
        kept, found = self._ask_store(lambda: (self._archive.load_record(), self._archive.newest_whole()))
        record = newer(kept, found[1].record if found else None)
        if record is None:
            return
        for reason, times in record.restarts.items():
            self._metrics.restarted(reason, times)
        self._record = record
        self._count_restart("process")
        self._log.info("run goes on", last_step=record.step, lost_steps=record.lost_steps, recoveries=record.recoveries)

    def assemble(self, ring_address: Address) -> Start:
        while True:
            members = self._gather()
            self._checkpoints.settle(SETTLE_SECONDS)
            found = self._ask_store(self._archive.newest_whole)
            key, checkpoint = (found[0], found[1]) if found else ("", None)
            claims = [self._record.claim(), *(member.claim for member in members)]
            epoch = 1 + max(claim.epoch for claim in claims)
            addresses = (ring_address, *(member.address for member in members))
            assignment = Assignment(epoch, addresses, key)
            if not self._server.release(members, assignment):
                continue
            if found:
                self._metrics.checkpoint_fallbacks.inc(found[2])
            self._begin(epoch, checkpoint, claims)
            return Start(assignment, checkpoint)

    def _begin(self, epoch: int, checkpoint: Checkpoint | None, claims: list[Claim]) -> None:
        before = self._record
        step = checkpoint.step if checkpoint else 0
        self._saved_step = step
        self._record = before.restored(step, epoch, claims)
        if checkpoint:
            self._metrics.checkpoint_known(checkpoint.wall_time)
        lost = self._record.lost_steps - before.lost_steps
        self._log.info("ring released", epoch=epoch, from_step=step, lost_steps=lost)

    def _gather(self) -> tuple[Member, ...]:
        """The other ranks, as soon as all wait."""
        while True:
            members = self._server.waiting()
            self._metrics.up_ranks.set(len(members) + 1)
            if len(members) == self._settings.world_size - 1:
                return members
            if self._stop.is_set():
                raise StoppedError
            self._server.wait_for_change(RETRY_SECONDS)

    def is_over(self) -> bool:
        return self._server.is_awaited()

    def stepped(self, state: TrainingState, result: StepResult) -> None:
        self._record = self._record.stepped(state.step, time.time(), result.seconds)
        self._metrics.straggler_ratio.set(self._straggler.ratio(result.compute_seconds))

    def checkpoint(self, state: TrainingState) -> None:
        self._saved_step = state.step
        self._checkpoints.submit(state.snapshot(self._record.step_at, self._record))

    def left(self, reason: str) -> None:
        self._count_restart(reason)

    def _count_restart(self, reason: str) -> None:
        self._record = self._record.restarted(reason)
        self._metrics.restarted(reason)

    def farewell(self, state: TrainingState | None) -> None:
        if state is not None and state.step > self._saved_step:
            self.checkpoint(state)
        deadline = time.monotonic() + FAREWELL_SECONDS
        self._checkpoints.flush(FAREWELL_SECONDS)
        self._records.end(max(0.0, deadline - time.monotonic()))

    def _ask_store(self, question: Callable[[], _T]) -> _T:
        """Ask until the store answers: without it nobody knows where the run stands."""
        said = ""
        while not self._stop.is_set():
            try:
                return question()
            except StoreError as error:
                if str(error) != said:
                    said = str(error)
                    self._log.warning("waiting for the store", reason=error.reason, error=said)
                self._stop.wait(RETRY_SECONDS)
        raise StoppedError


class Follower:
    """The part of every rank but 0."""

    def __init__(
        self,
        settings: RankSettings,
        metrics: TrainerMetrics,
        stop: threading.Event,
        new_store: Callable[[], ObjectStore],
        log: structlog.stdlib.BoundLogger,
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._stop = stop
        self._log = log
        self._archive = Archive(new_store(), settings.job, log)
        self._incarnation = time.time_ns()
        self._claim = Claim(0, 0, 0.0)
        self._has_trained = False

    def assemble(self, ring_address: Address) -> Start:
        assignment = self._join(ring_address)
        checkpoint = self._load(assignment.checkpoint)
        step = checkpoint.step if checkpoint else 0
        self._claim = Claim(assignment.epoch, step, self._claim.step_at)
        if step and not self._has_trained:
            self._metrics.restarted("process")
        self._has_trained = True
        return Start(assignment, checkpoint)

    def _join(self, ring_address: Address) -> Assignment:
        said = ""
        while not self._stop.is_set():
            member = Member(
                self._settings.rank, self._settings.world_size, self._incarnation, ring_address, self._claim
            )
            try:
                return join(
                    self._settings.rendezvous,
                    member,
                    self._settings.allreduce_timeout,
                    self._stop.is_set,
                    self._metrics.up_ranks.set,
                )
            except RendezvousError as error:
                self._metrics.up_ranks.set(1)
                if str(error) != said:
                    said = str(error)
                    self._log.warning("waiting for the rendezvous", error=said)
                self._stop.wait(RETRY_SECONDS)
        raise StoppedError

    def _load(self, key: str) -> Checkpoint | None:
        if not key:
            return None
        try:
            return self._archive.load(key)
        except (StoreError, CorruptCheckpointError) as error:
            raise RingBrokenError("restore", f"checkpoint {key} cannot be loaded: {error}") from error

    def is_over(self) -> bool:
        return False

    def stepped(self, state: TrainingState, result: StepResult) -> None:  # noqa: ARG002 (the leader needs it)
        self._claim = Claim(self._claim.epoch, state.step, time.time())

    def checkpoint(self, state: TrainingState) -> None:
        """Rank 0 stores it for all."""

    def left(self, reason: str) -> None:
        self._metrics.restarted(reason)

    def farewell(self, state: TrainingState | None) -> None:
        """A follower has nothing that rank 0 has not."""
