import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lab.workloads.trainer.dataset import FEATURES, TARGETS, draw_batch, make_shard, shard_indices


@given(st.integers(1, 500), st.integers(1, 8))
def test_shards_are_disjoint_equal_and_complete(samples: int, world_size: int) -> None:
    shards = [shard_indices(samples, rank, world_size).tolist() for rank in range(world_size)]
    together = sorted(index for shard in shards for index in shard)
    assert together == list(range(samples - samples % world_size))
    assert len({len(shard) for shard in shards}) == 1


def test_shards_are_the_parts_of_one_data_set() -> None:
    whole = make_shard(64, 0, 1, seed=3)
    parts = [make_shard(64, rank, 2, seed=3) for rank in range(2)]
    for rank, part in enumerate(parts):
        np.testing.assert_array_equal(part.inputs, whole.inputs[rank::2])
        np.testing.assert_allclose(part.targets, whole.targets[rank::2], rtol=1e-4, atol=1e-5)
    assert parts[0].inputs.shape == (32, FEATURES)
    assert parts[0].targets.shape == (32, TARGETS)


def test_a_seed_makes_the_data() -> None:
    assert make_shard(8, 0, 1, seed=1).targets.tobytes() == make_shard(8, 0, 1, seed=1).targets.tobytes()
    assert make_shard(8, 0, 1, seed=1).targets.tobytes() != make_shard(8, 0, 1, seed=2).targets.tobytes()


def test_a_batch_is_the_samples_at_its_positions() -> None:
    shard = make_shard(16, 0, 1, seed=1)
    inputs, targets = draw_batch(shard, np.array([5, 5, 2]))
    np.testing.assert_array_equal(inputs, shard.inputs[[5, 5, 2]])
    np.testing.assert_array_equal(targets, shard.targets[[5, 5, 2]])
