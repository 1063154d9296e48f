"""The synthetic data set: a teacher network's noisy answers, made from a seed, of which each rank holds its shard."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FEATURES = 24
TARGETS = 4
TEACHER_UNITS = 256
TEACHER_GAIN = 1.0
NOISE = 0.05
BLOCK = 512


@dataclass(frozen=True, slots=True)
class Shard:
    """One rank's samples: `inputs` (n, FEATURES) and `targets` (n, TARGETS)."""

    inputs: Floats
    targets: Floats

    @property
    def size(self) -> int:
        return len(self.inputs)


def shard_indices(samples: int, rank: int, world_size: int) -> NDArray[np.int64]:
    """The samples of one rank: every `world_size`-th from `rank` on, cut to equal size on all ranks.

    Equal shards let all ranks draw the same positions, each in its own shard.
    """
    return np.arange(rank, samples - samples % world_size, world_size)


def make_shard(samples: int, rank: int, world_size: int, seed: int) -> Shard:
    """Make the data set of `samples` from `seed`, and keep the shard of `rank`."""
    rng = np.random.Generator(np.random.PCG64(seed))
    hidden = rng.standard_normal((FEATURES, TEACHER_UNITS), dtype=np.float32) * np.float32(TEACHER_GAIN / FEATURES**0.5)
    phase = rng.uniform(-np.pi, np.pi, TEACHER_UNITS).astype(np.float32)
    out = rng.standard_normal((TEACHER_UNITS, TARGETS), dtype=np.float32) * np.float32((2 / TEACHER_UNITS) ** 0.5)
    inputs = rng.standard_normal((samples, FEATURES), dtype=np.float32)
    noise = rng.standard_normal((samples, TARGETS), dtype=np.float32) * np.float32(NOISE)
    chosen = shard_indices(samples, rank, world_size)
    mine, targets = inputs[chosen], noise[chosen]
    for start in range(0, len(mine), BLOCK):  # the teacher's hidden layer is wide: not for all samples at once
        block = slice(start, start + BLOCK)
        targets[block] += np.sin(mine[block] @ hidden + phase) @ out
    return Shard(mine, targets)


def draw_batch(shard: Shard, positions: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """The samples of a shard at `positions`."""
    return shard.inputs[positions], shard.targets[positions]
