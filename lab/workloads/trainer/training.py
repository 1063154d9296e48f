"""The training itself: the state that all ranks share, and one step of it in a ring."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Any, Self, cast

import numpy as np

from lab.workloads.trainer.allreduce import Ring, StoppedError
from lab.workloads.trainer.checkpoint import Checkpoint, digest
from lab.workloads.trainer.dataset import Floats, Shard, draw_batch
from lab.workloads.trainer.model import PARAMETERS, Sgd, initial_parameters, loss_and_gradient
from lab.workloads.trainer.record import RunRecord
from lab.workloads.trainer.settings import RankSettings

STRAGGLER_WEIGHT = 0.2


class TrainingState:
    """Parameters, optimizer state, step and batch order: the same on all ranks after every step."""

    def __init__(self, step: int, parameters: Floats, velocity: Floats, rng_state: dict[str, Any]) -> None:
        self.step = step
        self.parameters = parameters
        self.velocity = velocity
        self.rng_state = rng_state  # as it was after `step`: a step that is given up half-way leaves it alone

    @classmethod
    def fresh(cls, seed: int) -> Self:
        """The state before the first step."""
        parameters = initial_parameters(seed)
        return cls(0, parameters, np.zeros_like(parameters), dict(np.random.PCG64(seed).state))

    @classmethod
    def restored(cls, checkpoint: Checkpoint) -> Self:
        """The state in a checkpoint."""
        return cls(checkpoint.step, checkpoint.parameters.copy(), checkpoint.velocity.copy(), checkpoint.rng_state)

    def snapshot(self, wall_time: float, record: RunRecord) -> Checkpoint:
        """A checkpoint of now, which later steps do not change."""
        return Checkpoint(self.step, wall_time, self.parameters.copy(), self.velocity.copy(), self.rng_state, record)

    def digest(self) -> bytes:
        """A checksum over step and state."""
        return self.step.to_bytes(8, "big") + digest(self.parameters, self.velocity)


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step was like: loss and gradient norm over all ranks, its times here, and each rank's compute time."""

    loss: float
    grad_norm: float
    seconds: float
    allreduce_seconds: float
    compute_seconds: tuple[float, ...]


class Stepper:
    """Makes steps with one rank's shard. A step lasts at least `step_seconds`, which stands in for the GPU's time."""

    def __init__(self, settings: RankSettings, shard: Shard, stop: threading.Event) -> None:
        self._stop = stop
        self._settings = settings
        self._shard = shard
        self._sgd = Sgd()
        # Gradient, loss and every rank's compute time travel in one vector: each rank fills its own slot of the times.
        self._vector = np.zeros(PARAMETERS + 1 + settings.world_size, np.float32)

    def step(self, state: TrainingState, ring: Ring) -> StepResult:
        """Do one step; `state` changes only when it is complete on this rank. Raises what the ring raises."""
        started = time.monotonic()
        gradient, rest = self._vector[:PARAMETERS], self._vector[PARAMETERS:]
        bits = np.random.PCG64(0)
        bits.state = cast("Any", state.rng_state)
        positions = np.random.Generator(bits).integers(0, self._shard.size, self._settings.batch_size)
        rest[:] = 0
        inputs, targets = draw_batch(self._shard, positions)
        rest[0] = loss_and_gradient(state.parameters, inputs, targets, gradient)
        if self._stop.wait(max(0.0, started + self._settings.step_seconds - time.monotonic())):
            raise StoppedError
        computed = time.monotonic()
        rest[1 + ring.rank] = computed - started
        ring.average(self._vector)
        reduced = time.monotonic()
        grad_norm = float(np.linalg.norm(gradient))
        self._sgd.update(state.parameters, state.velocity, gradient, state.step)
        state.rng_state = dict(bits.state)
        state.step += 1
        return StepResult(
            loss=float(rest[0]),
            grad_norm=grad_norm,
            seconds=time.monotonic() - started,
            allreduce_seconds=reduced - computed,
            compute_seconds=tuple((rest[1:] * ring.world_size).tolist()),
        )


class StragglerGauge:
    """Slowest rank's compute time over the median rank's, both smoothed over about the last ten steps.

    The median of an even number of ranks is the faster of the two in the middle: two ranks are compared directly.
    """

    def __init__(self) -> None:
        self._smoothed: tuple[float, ...] = ()

    def ratio(self, compute_seconds: Sequence[float]) -> float:
        """The ratio after one more step."""
        before = self._smoothed if len(self._smoothed) == len(compute_seconds) else compute_seconds
        weight = STRAGGLER_WEIGHT
        self._smoothed = tuple(
            (1 - weight) * old + weight * new for old, new in zip(before, compute_seconds, strict=True)
        )
        typical = median_low(self._smoothed)
        return max(self._smoothed) / typical if typical > 0 else 1.0
