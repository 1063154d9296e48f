"""Levels of gauges (or rates of counters) at which a query compares with its threshold as it should, and does not."""

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from slos.model import Comparison, GaugeThreshold
from slos.rules_test.evaluate import Steady, UnderivableError, evaluate, single

if TYPE_CHECKING:
    from promql_parser import Expr

_HOLDS: dict[Comparison, Callable[[float, float], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
_TIMES = (0.0, 1000.0, 3_000_000.0)
"""Seconds at which a level must do: a query with time() in it moves."""


@dataclass(frozen=True, slots=True)
class Level:
    """What one series is when its SLO is good, and when it is bad; `ramp` comes on top for every second."""

    good: float
    bad: float
    ramp: float = 0.0


def levels(
    expr: "Expr", series: Sequence[Mapping[str, str]], gauge: GaugeThreshold, counter: bool
) -> tuple[Level, ...]:
    """A level for each of `series`. Raises UnderivableError if none was found."""
    tried = list(_tried(gauge.value, counter))
    for ramp, base, moved in product((0.0,) if counter else (0.0, 1.0), tried, range(len(series))):
        good = bad = None
        for level in tried:
            values = [level if index == moved else base for index in range(len(series))]
            verdict = _verdict(expr, series, values, ramp, gauge)
            good = level if verdict is True and good is None else good
            bad = level if verdict is False and bad is None else bad
        if good is not None and bad is not None:
            return tuple(
                Level(good, bad, ramp) if index == moved else Level(base, base, ramp) for index in range(len(series))
            )
    raise UnderivableError(
        f"no level of its series was found at which it is, and one at which it is not, {gauge.value}"
    )


def _tried(value: float, counter: bool) -> Iterator[float]:
    size = abs(value) or 1.0
    found = [1.0, value, value * 2, value / 2, value + size, value - size, 0.0, size / 10, size * 10, 1 / size]
    found += [] if counter else [-size, -size * 2, -size / 2, -1.0]
    return (level for level in dict.fromkeys(found) if level >= 0 or not counter)


def _verdict(
    expr: "Expr", series: Sequence[Mapping[str, str]], values: Sequence[float], ramp: float, gauge: GaugeThreshold
) -> bool | None:
    """Whether the comparison holds, at any time; None where that changes, nothing is given, or it is a near thing."""
    found = set()
    for now in _TIMES:
        steady = [Steady(labels, value + ramp * now) for labels, value in zip(series, values, strict=True)]
        value = single(evaluate(expr, steady, now))
        if value is None or not math.isfinite(value):
            return None
        near = math.isclose(value, gauge.value, rel_tol=1e-3)
        if near and value != gauge.value:
            return None
        found.add(_HOLDS[gauge.comparison](value, gauge.value))
    return found.pop() if len(found) == 1 else None
