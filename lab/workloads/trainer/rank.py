"""One rank's life: assemble, train until the ring breaks, and again."""

import threading
import time

from lab.logs import structlog
from lab.workloads.trainer.allreduce import Ring, RingBrokenError, StoppedError
from lab.workloads.trainer.assembly import Assembly, listen
from lab.workloads.trainer.coordination import Coordinator, Start
from lab.workloads.trainer.dataset import make_shard
from lab.workloads.trainer.metrics import TrainerMetrics
from lab.workloads.trainer.settings import RankSettings
from lab.workloads.trainer.training import Stepper, StepResult, TrainingState


class Rank:
    """Trains in one ring after the other, until it is told to stop or has done all steps."""

    def __init__(
        self,
        settings: RankSettings,
        coordinator: Coordinator,
        metrics: TrainerMetrics,
        stop: threading.Event,
        log: structlog.stdlib.BoundLogger,
    ) -> None:
        self._settings = settings
        self._coordinator = coordinator
        self._metrics = metrics
        self._stop = stop
        self._log = log
        self._listener = listen(settings.pod_ip)
        shard = make_shard(settings.samples, settings.rank, settings.world_size, settings.seed)
        self._stepper = Stepper(settings, shard, stop)
        self._state: TrainingState | None = None

    def run(self) -> bool:
        """Train. True when all steps are done, False when told to stop before."""
        try:
            while True:
                try:
                    self._train_in_a_ring()
                except RingBrokenError as error:
                    self._log.warning("left the ring", reason=error.reason, error=str(error), step=self._step_done())
                    self._coordinator.left(error.reason)
                else:
                    return True
        except StoppedError:
            return False
        finally:
            self._coordinator.farewell(self._state)

    def _train_in_a_ring(self) -> None:
        """Train from the assembly of a ring until all steps are done; raises what ends it before."""
        host, port = self._listener.getsockname()
        start = self._coordinator.assemble((host, port))
        with self._build(start) as ring:
            state = (
                TrainingState.restored(start.checkpoint)
                if start.checkpoint
                else TrainingState.fresh(self._settings.seed)
            )
            _agree(ring, state)
            self._state = state
            self._metrics.up_ranks.set(ring.world_size)
            self._log.info("training", epoch=ring.epoch, from_step=state.step)
            while not self._settings.max_steps or state.step < self._settings.max_steps:
                self._train_one_step(state, ring)

    def _build(self, start: Start) -> Ring:
        return Assembly(
            self._settings.rank,
            start.assignment.epoch,
            start.assignment.addresses,
            self._listener,
            # A neighbour may still be loading the checkpoint, for as long as the store may take.
            assembly_timeout=self._settings.allreduce_timeout + self._settings.store_timeout,
            step_timeout=self._settings.allreduce_timeout,
            stopped=self._stop.is_set,
            abandoned=self._coordinator.is_over,
        ).build()

    def _train_one_step(self, state: TrainingState, ring: Ring) -> None:
        if self._coordinator.is_over():
            raise RingBrokenError("rejoin", "a rank came back to the rendezvous")
        result = self._stepper.step(state, ring)
        self._measure(state, result)
        self._coordinator.stepped(state, result)
        if state.step % self._settings.checkpoint_every == 0:
            _agree(ring, state)
            self._coordinator.checkpoint(state)

    def _measure(self, state: TrainingState, result: StepResult) -> None:
        metrics = self._metrics
        metrics.step.set(state.step)
        metrics.steps.inc()
        metrics.samples.inc(self._settings.batch_size)
        metrics.loss.set(result.loss)
        metrics.grad_norm.set(result.grad_norm)
        metrics.step_seconds.observe(result.seconds)
        metrics.allreduce_seconds.observe(result.allreduce_seconds)
        metrics.last_step_timestamp.set(time.time())

    def _step_done(self) -> int:
        return self._state.step if self._state else 0


def _agree(ring: Ring, state: TrainingState) -> None:
    """Check that all ranks have the same state; raises RingBrokenError("desync") when they have not."""
    digests = ring.gather(state.digest())
    if len(set(digests)) > 1:
        raise RingBrokenError("desync", f"the ranks' states differ at step {state.step}")
