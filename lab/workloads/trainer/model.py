"""The student: a two-layer perceptron whose parameters are one flat vector, and its SGD with momentum."""

from dataclasses import dataclass

import numpy as np

from lab.workloads.trainer.dataset import FEATURES, TARGETS, Floats

HIDDEN = 64

_SHAPES = ((FEATURES, HIDDEN), (HIDDEN,), (HIDDEN, HIDDEN), (HIDDEN,), (HIDDEN, TARGETS), (TARGETS,))
_ENDS = np.cumsum([int(np.prod(shape)) for shape in _SHAPES]).tolist()
PARAMETERS = int(_ENDS[-1])


@dataclass(frozen=True, slots=True)
class Sgd:
    """Stochastic gradient descent with momentum and a learning rate that decays with the square root of the step."""

    learning_rate: float = 0.05
    momentum: float = 0.9
    decay_steps: float = 2000.0

    def rate(self, step: int) -> float:
        """The learning rate of a step."""
        return float(self.learning_rate / (1.0 + step / self.decay_steps) ** 0.5)

    def update(self, parameters: Floats, velocity: Floats, gradient: Floats, step: int) -> None:
        """Move `parameters` and `velocity` in place."""
        velocity *= np.float32(self.momentum)
        velocity += gradient
        parameters -= np.float32(self.rate(step)) * velocity


def initial_parameters(seed: int) -> Floats:
    """Random parameters, the same for the same seed."""
    rng = np.random.Generator(np.random.PCG64(seed))
    parts = [
        rng.standard_normal(shape, dtype=np.float32).ravel() * np.float32(shape[0] ** -0.5)
        if len(shape) == 2
        else np.zeros(shape, np.float32)
        for shape in _SHAPES
    ]
    return np.concatenate(parts)


def _views(vector: Floats) -> list[Floats]:
    parts = np.split(vector, _ENDS[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, _SHAPES, strict=True)]


def loss_and_gradient(parameters: Floats, inputs: Floats, targets: Floats, gradient: Floats) -> float:
    """Mean squared error over a batch; its gradient is written into `gradient`, shaped like `parameters`."""
    w1, b1, w2, b2, w3, b3 = _views(parameters)
    g1, h1, g2, h2, g3, h3 = _views(gradient)
    first = np.tanh(inputs @ w1 + b1)
    second = np.tanh(first @ w2 + b2)
    error = second @ w3 + b3 - targets
    d_out = error * np.float32(2.0 / error.size)
    g3[...] = second.T @ d_out
    h3[...] = d_out.sum(axis=0)
    d_second = (d_out @ w3.T) * (1 - second * second)
    g2[...] = first.T @ d_second
    h2[...] = d_second.sum(axis=0)
    d_first = (d_second @ w2.T) * (1 - first * first)
    g1[...] = inputs.T @ d_first
    h1[...] = d_first.sum(axis=0)
    return float(np.mean(error * error))
