"""Reading recorded history from an SLO's own series, and trying its alerts on it."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clients.prometheus import Prometheus
from runner.slo.range_reading import Steps, Values, multiple_before, read_steps, steps_until
from runner.slo.review import counted
from slos.budget.backtest import Backtest, Question, backtest
from slos.budget.sliding import History
from slos.duration import format_duration, scaled
from slos.model import Slo
from slos.rules.calendar import beginnings
from slos.rules.counts import counts
from slos.rules.windows import period
from slos.tiers import DAY, SLICE_SECONDS, TIER

MOST_SECONDS = 400 * DAY
MOST_TIME_SCALE = 300.0
"""Beyond it, slices would be shorter than a second."""


class StepError(ValueError):
    """A step that does not divide a slice into equal parts: which, and what to take instead."""


@dataclass(frozen=True, slots=True)
class Span:
    """Which history: so many declared seconds until `end` (epoch seconds), by steps of declared seconds.

    `time_scale` (1..300) divides declared seconds (up to 400 d). A step divides a slice (5 m) without rest: raises
    StepError, and ValueError for the rest.
    """

    end: float
    seconds: float
    step_seconds: float
    time_scale: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.time_scale <= MOST_TIME_SCALE or not 0 < self.seconds <= MOST_SECONDS:
            raise ValueError(f"a span is 0 to {MOST_SECONDS} s at a time scale of 1 to {MOST_TIME_SCALE}: {self}")
        per_slice = SLICE_SECONDS / self.step_seconds
        slice_ms = scaled(SLICE_SECONDS, self.time_scale) * 1000
        if per_slice < 1 or per_slice != round(per_slice) or slice_ms % round(per_slice):
            raise StepError(
                f"a step of {format_duration(self.step_seconds)} does not divide {format_duration(SLICE_SECONDS)} (of "
                f"{slice_ms:g} ms) into equal parts: take 5m, 1m or 30s"
            )

    @property
    def since(self) -> float:
        return self.end - scaled(self.seconds, self.time_scale)

    @property
    def newest(self) -> float:
        """The last step: a multiple of them since the epoch, so that slices of the rules are among them."""
        return multiple_before(self.end, self.real_step)

    @property
    def per_slice(self) -> int:
        return round(SLICE_SECONDS / self.step_seconds)

    @property
    def real_step(self) -> float:
        return scaled(SLICE_SECONDS, self.time_scale) / self.per_slice


@dataclass(frozen=True, slots=True)
class Tried:
    """One SLO on the history: for the declared objective first, then for a changed one; empty without data."""

    slo: Slo
    results: tuple[Backtest, ...]


def query_count(slos: Sequence[Slo], span: Span) -> int:
    """How many queries it takes to read the history of all of them."""
    return sum(2 * _steps(slo, span).queries for slo in slos)


def try_slo(
    prometheus: Prometheus, slo: Slo, span: Span, changed: float | None, read: Callable[[], None] = lambda: None
) -> Tried:
    """Read an SLO's history and say what it, and a changed objective (ratio 0..1), would have brought.

    `read` is called after each query. Raises PrometheusError when Prometheus cannot be asked, or may lack data.
    """
    history = _read(prometheus, slo, span, read)
    objectives = [slo.objective] if changed is None or changed == slo.objective else [slo.objective, changed]
    results = tuple(backtest(history, _question(slo, objective, span)) for objective in objectives)
    return Tried(slo, results if results[0].coverage > 0 else ())


def _steps(slo: Slo, span: Span) -> Steps:
    """The steps of the span and those before it that fill the longest window of the SLO's tiers."""
    longest = max((TIER[name].long_seconds for name in slo.alerting.tiers), default=0.0)
    return steps_until(span.newest, span.real_step, scaled(span.seconds + longest, span.time_scale))


def _read(prometheus: Prometheus, slo: Slo, span: Span, read: Callable[[], None]) -> History:
    steps = _steps(slo, span)
    expressions = counts(slo.indicator, SLICE_SECONDS, span.time_scale)
    bad, total = (_values(prometheus, query, steps, read) for query in (expressions.bad, expressions.total))
    pairs = zip(bad, total, strict=True)
    return History(steps.first_ms / 1000, steps.step_ms / 1000, span.per_slice, tuple(counted(pairs)))


def _values(prometheus: Prometheus, query: str, steps: Steps, read: Callable[[], None]) -> Values:
    found = read_steps(prometheus, query, steps, read)
    return next(iter(found.values()), [None] * steps.count)


def _question(slo: Slo, objective: float, span: Span) -> Question:
    return Question(
        objective=objective,
        tiers=slo.alerting.tiers,
        minimum_events=slo.minimum_events,
        period_seconds=slo.window.seconds,
        time_scale=span.time_scale,
        begins=_begins(slo, span.time_scale),
        since=span.since,
    )


def _begins(slo: Slo, time_scale: float) -> Callable[[float], float]:
    """When the SLO's window that ends at a time begins."""
    whole = period(slo, time_scale)
    if whole.calendar is None:
        seconds = scaled(whole.seconds, time_scale)
        return lambda at: at - seconds
    table = beginnings(whole.calendar)
    return lambda at: float(table[max(bisect_right(table, at) - 1, 0)])
