"""The training job as it runs: real processes on addresses of their own, killed at the worst moments."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from lab.workloads.trainer.dataset import make_shard
from lab.workloads.trainer.model import initial_parameters, loss_and_gradient
from lab.workloads.trainer.record import Claim
from tests import waiting
from tests.lab.workloads.training import EVERY, STEP_SECONDS, Cluster

pytestmark = pytest.mark.lab

CRASH_EVERY = 40
SAMPLES, SEED = 16384, 7
END_SECONDS = 10  # it takes a tenth of a second on a machine that is not busy


def wait_for(condition: Callable[[], bool]) -> None:
    waiting.wait_for(condition, 60)


@pytest.fixture
def cluster(lab_octet: int, tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(lab_octet, tmp_path)
    try:
        yield made
    finally:
        made.end()


def untrained_loss() -> float:
    """Of the parameters with which the job begins, over all of its samples."""
    data, parameters = make_shard(SAMPLES, 0, 1, SEED), initial_parameters(SEED)
    return loss_and_gradient(parameters, data.inputs, data.targets, np.zeros_like(parameters))


def train_until(cluster: Cluster, step: int) -> None:
    wait_for(lambda: all(cluster.value(rank, "step") >= step for rank in range(cluster.world_size)))


def test_two_ranks_train_and_the_loss_falls(cluster: Cluster) -> None:
    cluster.start(STEP_SECONDS="0.01", SAMPLES=str(SAMPLES), SEED=str(SEED))
    train_until(cluster, 200)
    shown = cluster.metrics(0)
    assert shown["mltrain_loss"] < 0.7 * untrained_loss()
    assert shown["mltrain_up_ranks"] == shown["mltrain_world_size"] == 2
    assert shown["mltrain_steps_total"] >= 200
    assert shown["mltrain_lost_steps_total"] == shown["mltrain_recoveries_total"] == 0
    assert 0 < shown["mltrain_productive_seconds_total"] <= shown["mltrain_wall_seconds_total"]
    assert shown["mltrain_checkpoint_seconds_count"] > 0
    assert cluster.value(1, "restarts_total.desync") == 0


def start_for_a_crash(cluster: Cluster) -> None:
    """Train to a place a few steps after a checkpoint and far before the next one."""
    cluster.start(CHECKPOINT_EVERY_STEPS=str(CRASH_EVERY))
    train_until(cluster, CRASH_EVERY + 5)
    wait_for(lambda: cluster.record().step >= CRASH_EVERY + 5)


def check_recovery(cluster: Cluster, reached: Claim, *ranks: int) -> None:
    """Start the ranks again: what rank 0 then accounts for must be what was lost since `reached`."""
    kept = cluster.latest().step
    restarted_at = time.time()
    for rank in ranks:
        cluster.start_rank(rank, CHECKPOINT_EVERY_STEPS=str(CRASH_EVERY))
    wait_for(lambda: cluster.value(0, "recoveries_total") == 1)
    shown, now = cluster.metrics(0), time.time()
    assert shown["mltrain_lost_steps_total"] == shown["mltrain_last_lost_steps"] == reached.step - kept > 0
    recovery = shown["mltrain_last_recovery_seconds"]
    assert restarted_at - reached.step_at <= recovery <= now - reached.step_at
    train_until(cluster, reached.step + 1)
    assert cluster.value(0, "up_ranks") == 2
    assert cluster.value(0, "restarts_total.desync") == 0


def survivor(cluster: Cluster, rank: int) -> Claim:
    """How far a rank came, once it has noticed that its peer is gone."""
    wait_for(lambda: cluster.value(rank, "restarts_total.peer_lost") == 1)
    shown = cluster.metrics(rank)
    return Claim(1, int(shown["mltrain_step"]), shown["mltrain_last_step_timestamp_seconds"])


def test_a_job_goes_on_from_the_last_checkpoint_after_the_loss_of_rank_1(cluster: Cluster) -> None:
    start_for_a_crash(cluster)
    cluster.kill("rank1")
    check_recovery(cluster, survivor(cluster, 0), 1)
    assert cluster.value(1, "restarts_total.process") == 1


def test_a_job_goes_on_from_the_last_checkpoint_after_the_loss_of_rank_0(cluster: Cluster) -> None:
    start_for_a_crash(cluster)
    cluster.kill("rank0")
    check_recovery(cluster, survivor(cluster, 1), 0)
    assert cluster.value(0, "restarts_total.process") == 1


def test_a_job_goes_on_from_the_last_checkpoint_after_the_loss_of_all_ranks(cluster: Cluster) -> None:
    start_for_a_crash(cluster)
    for name in ("rank0", "rank1"):
        cluster.send(name, signal.SIGKILL)
    for name in ("rank0", "rank1"):
        cluster.processes[name].wait()
    check_recovery(cluster, cluster.record().claim(), 0, 1)


def test_a_crash_changes_nothing_in_what_is_learned(lab_octet: int, tmp_path: Path) -> None:
    learned = []
    for name, is_crashed in (("calm", False), ("crashed", True)):
        directory = tmp_path / name
        directory.mkdir()
        cluster = Cluster(lab_octet, directory)
        try:
            cluster.start(MAX_STEPS="60")
            if is_crashed:
                train_until(cluster, EVERY + 2)
                cluster.kill("rank1")
                cluster.start_rank(1, MAX_STEPS="60")
            assert [cluster.processes[f"rank{rank}"].wait(30) for rank in range(2)] == [0, 0]
            learned.append(cluster.latest())
        finally:
            cluster.end()
    calm, crashed = learned
    assert calm.step == crashed.step == 60
    assert calm.parameters.tobytes() == crashed.parameters.tobytes()
    assert (calm.record.recoveries, crashed.record.recoveries) == (0, 1)


def test_a_hanging_rank_is_a_timeout_and_the_job_goes_on_when_it_wakes(cluster: Cluster) -> None:
    cluster.start()
    train_until(cluster, EVERY + 3)
    cluster.send("rank1", signal.SIGSTOP)
    wait_for(lambda: cluster.value(0, "restarts_total.timeout") == 1)
    wait_for(lambda: cluster.value(0, "up_ranks") == 1)
    heartbeat = cluster.value(0, "last_step_timestamp_seconds")
    assert cluster.value(0, "last_step_timestamp_seconds") == heartbeat
    cluster.send("rank1", signal.SIGCONT)
    wait_for(lambda: cluster.value(0, "recoveries_total") == 1)
    assert cluster.value(0, "last_recovery_seconds") >= 2
    assert cluster.value(0, "up_ranks") == 2


def test_a_store_that_is_away_for_a_while_does_not_stop_training(cluster: Cluster) -> None:
    cluster.start()
    train_until(cluster, EVERY + 1)
    cluster.kill("store")
    step = cluster.value(0, "step")
    wait_for(lambda: cluster.value(0, "step") >= step + 2.0 / STEP_SECONDS)
    wait_for(lambda: cluster.value(0, "checkpoint_failures_total.unreachable") > 0)
    age = cluster.value(0, "checkpoint_age_seconds")
    assert age >= 1.5
    cluster.start_store()
    wait_for(lambda: cluster.value(0, "checkpoint_age_seconds") < age)
    assert cluster.value(0, "recoveries_total") == 0
    assert cluster.latest().step > step


def test_a_store_that_cannot_be_trusted_does_not_stop_training_and_is_used_again_once_it_can(cluster: Cluster) -> None:
    # Seldom enough that the store closes the connection in between, so that each checkpoint is a new handshake.
    cluster.start(CHECKPOINT_EVERY_STEPS=str(CRASH_EVERY))
    wait_for(lambda: cluster.latest_step() >= CRASH_EVERY)
    cluster.expire_certificate()
    wait_for(lambda: cluster.value(0, "checkpoint_failures_total.unreachable") > 0)
    assert "certificate has expired" in cluster.logs("rank0")
    step = int(cluster.value(0, "step"))
    train_until(cluster, step + CRASH_EVERY)
    cluster.renew_certificate()
    wait_for(lambda: cluster.latest_step() > step)
    assert cluster.value(0, "recoveries_total") == 0
    assert cluster.logs("store").count("msg=serving") == 1


def test_a_damaged_latest_checkpoint_costs_one_interval_more(cluster: Cluster) -> None:
    cluster.start()
    train_until(cluster, 3 * EVERY + 1)
    wait_for(lambda: cluster.latest().step >= 3 * EVERY)
    cluster.kill("rank0")
    newest = cluster.latest().step
    path = cluster.directory / "objects" / "trainer" / "checkpoints" / f"step-{newest:012d}.ckpt"
    path.write_bytes(path.read_bytes()[:-10])
    cluster.start_rank(0)
    wait_for(lambda: cluster.value(0, "recoveries_total") == 1)
    assert cluster.value(0, "checkpoint_fallbacks_total") == 1
    assert cluster.value(0, "last_lost_steps") >= EVERY
    assert "falling back to the one before" in cluster.logs("rank0")


def test_a_rank_0_that_is_told_to_end_saves_its_last_step(cluster: Cluster) -> None:
    cluster.start()
    train_until(cluster, EVERY + 4)
    cluster.send("rank0", signal.SIGTERM)
    assert cluster.processes["rank0"].wait(END_SECONDS) == 128 + signal.SIGTERM
    assert cluster.latest().step >= EVERY + 4
    cluster.start_rank(0)
    wait_for(lambda: cluster.value(0, "recoveries_total") == 1)
    assert cluster.value(0, "lost_steps_total") == 0


def test_a_rank_without_its_peers_waits_and_still_answers(cluster: Cluster) -> None:
    cluster.start_store()
    cluster.start_rank(1)
    wait_for(lambda: cluster.value(1, "up_ranks") == 1)
    assert cluster.value(1, "step") == 0
    cluster.send("rank1", signal.SIGTERM)
    assert cluster.processes["rank1"].wait(END_SECONDS) == 128 + signal.SIGTERM


def test_four_ranks_train_together(lab_octet: int, tmp_path: Path) -> None:
    cluster = Cluster(lab_octet, tmp_path, world_size=4)
    try:
        cluster.start()
        train_until(cluster, EVERY + 1)
        cluster.kill("rank2")
        cluster.start_rank(2)
        wait_for(lambda: cluster.value(0, "recoveries_total") == 1)
        assert cluster.value(0, "up_ranks") == 4
        assert cluster.value(0, "restarts_total.desync") == 0
    finally:
        cluster.end()


def test_a_missing_setting_is_said_and_ends_the_rank(cluster: Cluster) -> None:
    cluster.start_rank(1, TRAINER_SERVICE_HOST="")
    assert cluster.processes["rank1"].wait(30) == 2
    assert "TRAINER_SERVICE_HOST is not set" in cluster.logs("rank1")
