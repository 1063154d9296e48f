"""Steps in a ring of one, and the straggler ratio."""

import threading

import pytest

from lab.workloads.settings import Settings
from lab.workloads.trainer.allreduce import Ring, StoppedError
from lab.workloads.trainer.checkpoint import decode, encode
from lab.workloads.trainer.dataset import make_shard
from lab.workloads.trainer.record import RunRecord
from lab.workloads.trainer.settings import RankSettings
from lab.workloads.trainer.training import Stepper, StragglerGauge, TrainingState

SETTINGS = RankSettings.read(
    Settings(
        {
            "POD_IP": "127.0.0.1",
            "JOB_COMPLETION_INDEX": "0",
            "WORLD_SIZE": "1",
            "CHECKPOINT_URL": "http://127.0.0.1:1",
            "STEP_SECONDS": "0",
            "SAMPLES": "256",
        }
    )
)
RING = Ring(0, 1, 1, None, 1.0)


def new_stepper(stop: threading.Event | None = None) -> Stepper:
    return Stepper(SETTINGS, make_shard(256, 0, 1, 1), stop or threading.Event())


def test_training_goes_on_from_a_checkpoint_bit_by_bit() -> None:
    stepper, state = new_stepper(), TrainingState.fresh(seed=1)
    for _ in range(5):
        stepper.step(state, RING)
    saved = encode(state.snapshot(0.0, RunRecord(started_at=0.0)))
    for _ in range(5):
        stepper.step(state, RING)
    again = TrainingState.restored(decode(saved))
    for _ in range(5):
        new_stepper().step(again, RING)
    assert again.step == state.step == 10
    assert again.digest() == state.digest()


def test_a_snapshot_does_not_change_with_later_steps() -> None:
    stepper, state = new_stepper(), TrainingState.fresh(seed=1)
    snapshot = state.snapshot(0.0, RunRecord(started_at=0.0))
    before = encode(snapshot)
    stepper.step(state, RING)
    assert encode(snapshot) == before


def test_a_step_that_is_given_up_changes_nothing() -> None:
    stop = threading.Event()
    stop.set()
    state = TrainingState.fresh(seed=1)
    before = state.digest(), state.rng_state
    with pytest.raises(StoppedError):
        new_stepper(stop).step(state, RING)
    assert (state.digest(), state.rng_state) == before


def test_the_straggler_ratio_compares_the_slowest_with_the_typical_rank() -> None:
    assert StragglerGauge().ratio([0.1, 0.1]) == pytest.approx(1.0)
    assert StragglerGauge().ratio([0.1, 0.15]) == pytest.approx(1.5)
    assert StragglerGauge().ratio([0.1, 0.1, 0.3, 0.1]) == pytest.approx(3.0)
    assert StragglerGauge().ratio([0.0, 0.0]) == 1.0


def test_one_slow_step_does_not_make_a_straggler() -> None:
    gauge = StragglerGauge()
    for _ in range(20):
        gauge.ratio([0.1, 0.1])
    assert gauge.ratio([0.1, 0.15]) < 1.11
    for _ in range(30):
        ratio = gauge.ratio([0.1, 0.15])
    assert ratio == pytest.approx(1.5, rel=0.01)
