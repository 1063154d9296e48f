"""What a measurement gives."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """One row: the median of `runs` values in `unit`; against `peer`, `ratio` is ours divided by the peer's."""

    name: str
    value: float
    unit: str
    runs: int
    low: float
    high: float
    peer: str | None = None
    ratio: float | None = None
    target: str = ""
    """What is asked of it, in words; nothing fails when it is missed: the figure says so."""


def result(
    name: str,
    values: Sequence[float],
    unit: str,
    peer: str | None = None,
    peer_values: Sequence[float] = (),
    target: str = "",
) -> Result:
    """The median of `values`, and the ratio of the medians where there is a peer measured in the same run."""
    median = statistics.median(values)
    ratio = median / statistics.median(peer_values) if peer_values else None
    return Result(name, median, unit, len(values), min(values), max(values), peer, ratio, target)
