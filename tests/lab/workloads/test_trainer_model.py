import numpy as np
import pytest

from lab.workloads.trainer.dataset import make_shard
from lab.workloads.trainer.model import PARAMETERS, Sgd, initial_parameters, loss_and_gradient


def test_the_gradient_is_the_slope_of_the_loss() -> None:
    shard = make_shard(16, 0, 1, seed=1)
    parameters, gradient = initial_parameters(1), np.zeros(PARAMETERS, np.float32)
    loss_and_gradient(parameters, shard.inputs, shard.targets, gradient)
    scratch = np.zeros_like(gradient)
    step = 1e-2
    move = (gradient * step / np.linalg.norm(gradient)).astype(np.float32)
    above = loss_and_gradient(parameters + move, shard.inputs, shard.targets, scratch)
    below = loss_and_gradient(parameters - move, shard.inputs, shard.targets, scratch)
    assert (above - below) / (2 * step) == pytest.approx(float(np.linalg.norm(gradient)), rel=0.02)


def test_the_learning_rate_decays_with_the_square_root_of_the_step() -> None:
    sgd = Sgd(learning_rate=0.1, decay_steps=100)
    assert sgd.rate(0) == pytest.approx(0.1)
    assert sgd.rate(300) == pytest.approx(0.05)


def test_an_update_follows_the_momentum() -> None:
    sgd = Sgd(learning_rate=1.0, momentum=0.5, decay_steps=1e9)
    parameters, velocity = np.zeros(1, np.float32), np.ones(1, np.float32)
    sgd.update(parameters, velocity, np.ones(1, np.float32), step=0)
    assert velocity.tolist() == [1.5]
    assert parameters.tolist() == [-1.5]


def test_training_on_a_shard_lowers_the_loss() -> None:
    shard = make_shard(256, 0, 1, seed=2)
    parameters = initial_parameters(2)
    velocity, gradient = np.zeros_like(parameters), np.zeros_like(parameters)
    losses = []
    for step in range(60):
        losses.append(loss_and_gradient(parameters, shard.inputs, shard.targets, gradient))
        Sgd().update(parameters, velocity, gradient, step)
    assert losses[-1] < losses[0] / 2
