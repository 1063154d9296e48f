import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.workloads.trainer.checkpoint import Checkpoint, CorruptCheckpointError, decode, digest, encode
from lab.workloads.trainer.record import RunRecord


def make_checkpoint(step: int = 40, size: int = 6) -> Checkpoint:
    rng = np.random.default_rng(step)
    return Checkpoint(
        step=step,
        wall_time=1234.5,
        parameters=rng.standard_normal(size, dtype=np.float32),
        velocity=rng.standard_normal(size, dtype=np.float32),
        rng_state=dict(np.random.PCG64(step).state),
        record=RunRecord(started_at=1000.0, epoch=2, step=step, step_at=1234.5, restarts={"peer_lost": 1}),
    )


@given(st.integers(0, 10**9), st.integers(0, 50))
def test_a_checkpoint_comes_back_as_it_was(step: int, size: int) -> None:
    before = make_checkpoint(step, size)
    after = decode(encode(before))
    assert (after.step, after.wall_time, after.record) == (before.step, before.wall_time, before.record)
    assert after.rng_state == before.rng_state
    assert after.parameters.tobytes() == before.parameters.tobytes()
    assert after.velocity.tobytes() == before.velocity.tobytes()


ENCODED = encode(make_checkpoint())


@settings(max_examples=200)
@given(st.data())
def test_a_changed_bit_anywhere_is_noticed(data: st.DataObject) -> None:
    encoded = bytearray(ENCODED)
    position = data.draw(st.integers(0, len(encoded) - 1))
    encoded[position] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(CorruptCheckpointError):
        decode(bytes(encoded))


@given(st.integers(0, len(ENCODED) - 1))
def test_a_missing_end_is_noticed(length: int) -> None:
    with pytest.raises(CorruptCheckpointError):
        decode(ENCODED[:length])


def test_the_digest_covers_parameters_and_velocity() -> None:
    one, other = make_checkpoint(1), make_checkpoint(2)
    assert digest(one.parameters, one.velocity) == digest(one.parameters.copy(), one.velocity.copy())
    assert digest(one.parameters, one.velocity) != digest(one.parameters, other.velocity)
    assert digest(one.parameters, one.velocity) != digest(other.parameters, one.velocity)
