"""Reading a series of evenly spaced values from Prometheus: in as few queries as it lets, with gaps left open."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from clients.prometheus import Answer, Prometheus, PrometheusError

POINTS_PER_QUERY = 10_000
"""Prometheus refuses more than 11,000 points per series."""

Values = list[float | None]


class ManySeriesError(PrometheusError):
    """A query gave several series where there is one to read."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The times `first`, `first + step`, ...: `count` of them, in milliseconds since the epoch."""

    first_ms: int
    step_ms: int
    count: int

    @property
    def queries(self) -> int:
        """How many queries it takes to read them."""
        return -(-self.count // POINTS_PER_QUERY)


def steps_until(end: float, step_seconds: float, seconds: float) -> Steps:
    """The last `seconds` before `end` (epoch seconds) in whole steps, the last of them at `end`: at least one."""
    end_ms, step_ms = round(end * 1000), round(step_seconds * 1000)
    count = max(round(seconds * 1000) // step_ms, 1)
    return Steps(end_ms - (count - 1) * step_ms, step_ms, count)


def multiple_before(at: float, seconds: float) -> float:
    """The last multiple of so many seconds since the epoch, to the millisecond."""
    milliseconds = round(seconds * 1000)
    return math.floor(at * 1000) // milliseconds * milliseconds / 1000


def read_steps(
    prometheus: Prometheus, query: str, steps: Steps, read: Callable[[], None] = lambda: None
) -> dict[str, Values]:
    """The values of `query` at the steps, by metric name ("" when it has none); None where there is no number.

    `read` is called after each query. Raises PrometheusError when Prometheus cannot be asked, warns that data may be
    missing, or gives several series of one name.
    """
    found: dict[str, Values] = {}
    for begin in range(0, steps.count, POINTS_PER_QUERY):
        end = min(begin + POINTS_PER_QUERY, steps.count) - 1
        answer = prometheus.matrix(
            query,
            (steps.first_ms + begin * steps.step_ms) / 1000,
            (steps.first_ms + end * steps.step_ms) / 1000,
            steps.step_ms / 1000,
        )
        _put(found, answer, steps, query, prometheus.url)
        read()
    return found


def _put(found: dict[str, Values], answer: Answer, steps: Steps, query: str, url: str) -> None:
    if answer.warnings:
        raise PrometheusError(f"{url} warns that data may be missing: {'; '.join(answer.warnings)} (query: {query})")
    seen = set()
    for series in answer.series:
        name = series.labels.get("__name__", "")
        if name in seen:
            raise ManySeriesError(f"{len(answer.series)} series where there is one to read (query: {query})")
        seen.add(name)
        values = found.setdefault(name, [None] * steps.count)
        for sample in series.samples:
            values[round((sample.at * 1000 - steps.first_ms) / steps.step_ms)] = sample.value
