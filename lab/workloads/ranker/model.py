"""The ranking model: logistic regression on how well a user and an item go together, trained at start.

There is no data of real people here: users, items and clicks are drawn from a hidden taste that the model never sees
and has to find again. Everything follows from the seed, so all replicas train the same model.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

USERS, ITEMS = 200, 400  # those that the feature store knows, numbered from 0
DIMENSIONS = 8
TRAINING_CLICKS = 600
EPOCHS = 4
LEARNING_RATE = 0.3

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RankingModel:
    """P(click) = sigmoid(bias + sum of weight_d * user_d * item_d)."""

    weights: Vector
    bias: float

    def score(self, user: Sequence[float], item: Sequence[float]) -> float:
        """Probability, 0 to 1, that the user clicks on the item."""
        crossed = (weight * u * i for weight, u, i in zip(self.weights, user, item, strict=True))
        return sigmoid(self.bias + sum(crossed))


def sigmoid(value: float) -> float:
    """1 / (1 + e^-value), for any finite value."""
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    return math.exp(value) / (1 + math.exp(value))


def feature_vector(kind: str, number: int) -> Vector:
    """The features of user or item `number`: the same in every process."""
    rng = Random(f"{kind}:{number}")  # noqa: S311 - reproducible on purpose
    return tuple(round(rng.gauss(0, 1), 4) for _ in range(DIMENSIONS))


def drawn_clicks(seed: int, count: int) -> list[tuple[Vector, bool]]:
    """`count` examples: a user's features times an item's, and whether the hidden taste made the user click."""
    rng = Random(seed)  # noqa: S311 - reproducible on purpose
    taste = [rng.uniform(-1, 2) for _ in range(DIMENSIONS)]
    examples = []
    for _ in range(count):
        user, item = feature_vector("user", rng.randrange(1000)), feature_vector("item", rng.randrange(1000))
        crossed = tuple(u * i for u, i in zip(user, item, strict=True))
        liking = sigmoid(sum(t * c for t, c in zip(taste, crossed, strict=True)) - 0.5)
        examples.append((crossed, rng.random() < liking))
    return examples


def train(examples: Sequence[tuple[Vector, bool]]) -> RankingModel:
    """Fit the model by stochastic gradient descent on the log loss, with a step that shrinks from epoch to epoch."""
    weights, bias = [0.0] * DIMENSIONS, 0.0
    for epoch in range(EPOCHS):
        rate = LEARNING_RATE / (1 + epoch)
        for crossed, clicked in examples:
            error = sigmoid(bias + sum(w * c for w, c in zip(weights, crossed, strict=True))) - clicked
            bias -= rate * error
            weights = [w - rate * error * c for w, c in zip(weights, crossed, strict=True)]
    return RankingModel(tuple(weights), bias)


def log_loss(model: RankingModel, examples: Sequence[tuple[Vector, bool]]) -> float:
    """Mean log loss on examples; 0.693 is what a coin gives."""
    ones = (1.0,) * DIMENSIONS
    probabilities = [
        model.score(crossed, ones) if clicked else 1 - model.score(crossed, ones) for crossed, clicked in examples
    ]
    return -sum(math.log(max(probability, 1e-12)) for probability in probabilities) / len(probabilities)
