"""Arithmetic on scraped counters: what really was counted between two times, from the samples themselves.

PromQL's `increase` extrapolates, and it does not see the first value of a series that appears in the window (the first
503 of an hour). Both matter when one killed pod costs a handful of requests, so differences are taken here.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clients.prometheus import Sample, Series


def increase(samples: Sequence[Sample], start: float, end: float) -> float:
    """How much a counter grew in (start, end], through any number of resets.

    A counter is taken to have started at zero when it has no sample at or before `start`: give samples from well before
    `start`. What was counted after the last scrape of a process that died is nowhere, and so not in here.
    """
    grown, previous = 0.0, 0.0
    for sample in samples:
        if sample.at > end:
            break
        if sample.at > start:
            grown += sample.value - previous if sample.value >= previous else sample.value
        previous = sample.value
    return grown


@dataclass(frozen=True, slots=True)
class Span:
    """The times of the oldest and the newest sample among some series."""

    oldest: float
    newest: float


def span(series: Iterable[Series]) -> Span | None:
    """Between which times there are samples; None when there are none at all."""
    sampled = [one.samples for one in series if one.samples]
    if not sampled:
        return None
    return Span(min(samples[0].at for samples in sampled), max(samples[-1].at for samples in sampled))


def newest_at_or_before(series: Iterable[Series], at: float) -> float | None:
    """The time of the newest sample that is not after `at`."""
    return max((sample.at for one in series for sample in one.samples if sample.at <= at), default=None)


def oldest_at_or_after(series: Iterable[Series], at: float) -> float | None:
    """The time of the oldest sample that is not before `at`."""
    return min((sample.at for one in series for sample in one.samples if sample.at >= at), default=None)


def bucket_increases(series: Iterable[Series], start: float, end: float) -> dict[float, float]:
    """The growth of each bucket of a classic histogram in (start, end], by upper edge, summed over all its series."""
    buckets: dict[float, float] = {}
    for one in series:
        edge = float(one.labels["le"])
        buckets[edge] = buckets.get(edge, 0.0) + increase(one.samples, start, end)
    return dict(sorted(buckets.items()))


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile read from buckets; with `at_least` it lies above the highest finite edge and only that is known."""

    value: float
    at_least: bool = False


def quantile(buckets: Mapping[float, float], q: float) -> Quantile | None:
    """The q-quantile (0 < q <= 1), interpolated within its bucket as Prometheus does; None when nothing was observed.

    `buckets` are cumulative counts by upper edge, lowest first, with the edge infinity.
    """
    total = buckets.get(math.inf, 0.0)
    if total <= 0:
        return None
    rank = q * total
    lower_edge, below = 0.0, 0.0
    for edge, count in buckets.items():
        if count >= rank:
            if math.isinf(edge):
                return Quantile(lower_edge, at_least=True)
            return Quantile(lower_edge + (edge - lower_edge) * (rank - below) / (count - below))
        lower_edge, below = edge, count
    return None
