"""One value of a metric, and how texts become labels. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from runner.exporter.metrics import Metric

LONGEST_LABEL = 128
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Value:
    """The value of a metric with these labels, in the order of the metric's own."""

    metric: Metric
    value: float
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most values that a label may have: experiments, SLOs, alerts."""

    experiments: int = 100
    slos: int = 100
    alerts: int = 200


def label(text: str) -> str:
    """A text as a label's value: on one line, of bounded length, and encodable."""
    told = " ".join(text.encode("utf-8", "replace").decode().split())
    return told if len(told) <= LONGEST_LABEL else f"{told[: LONGEST_LABEL - 1]}…"


def bounded(found: Iterable[T], most: int) -> tuple[Sequence[T], int]:
    """The first `most`, and how many are left out."""
    every = list(found)
    return every[:most], max(len(every) - most, 0)
