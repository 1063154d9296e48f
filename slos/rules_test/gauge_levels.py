"""Levels of gauges (or rates of counters) at which a query compares with its threshold as it should, and does not."""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
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
_LATER = (0.0, 1000.0, 3_000_000.0)
"""Seconds after the beginning at which a level must do, too: a query with time() in it moves."""


@dataclass(frozen=True, slots=True)
class Level:
    """What one series is when its SLO is good, and when it is bad: None where there is no such series then."""

    good: float | None
    bad: float | None


@dataclass(frozen=True, slots=True)
class Levels:
    """A level for each series; `ramp` comes on top for every second. They hold from `lead_seconds` (Unix time) on."""

    levels: tuple[Level, ...]
    ramp: float = 0.0
    lead_seconds: float = 0.0


def levels(
    expr: "Expr", series: Sequence[Mapping[str, str]], counters: Sequence[bool], gauge: GaugeThreshold
) -> Levels:
    """What makes the query good, and bad. Raises UnderivableError if nothing was found."""
    size = abs(gauge.value) or 1.0
    tried = _tried(gauge.value)
    # Times count from 1970 in promtool: what was long ago must still have been after it.
    for ramp, lead in ((0.0, 0.0), (1.0, 0.0), (1.0, 4 * size)):
        for base, moved in product(tried, range(len(series))):
            found: dict[bool, float | None] = {}
            for level in (*tried, None):
                if counters[moved] and level is not None and level < 0:
                    continue
                values = [level if index == moved else base for index in range(len(series))]
                verdict = _verdict(
                    expr, series, values, [0.0 if counter else ramp for counter in counters], lead, gauge
                )
                if verdict is not None:
                    found.setdefault(verdict, level)
            if len(found) == 2:
                chosen = [Level(base, base)] * len(series)
                chosen[moved] = Level(found[True], found[False])
                return Levels(tuple(chosen), ramp, lead)
    raise UnderivableError(
        f"no level of its series was found at which it is, and one at which it is not, {gauge.value:g}"
    )


def _tried(value: float) -> list[float]:
    size = abs(value) or 1.0
    some = (1.0, value, value * 2, value / 2, value + size, value - size, 0.0, size / 10, size * 10, 1 / size)
    return list(dict.fromkeys((*some, -size, -size * 2, -size / 2, -1.0)))


def _verdict(
    expr: "Expr",
    series: Sequence[Mapping[str, str]],
    values: Sequence[float | None],
    ramps: Sequence[float],
    lead: float,
    gauge: GaugeThreshold,
) -> bool | None:
    """Whether the comparison holds, at any time; None where that changes, nothing is given, or it is a near thing."""
    found = set()
    for now in (lead + later for later in _LATER):
        steady = [
            Steady(labels, value + ramp * now)
            for labels, value, ramp in zip(series, values, ramps, strict=True)
            if value is not None
        ]
        value = single(evaluate(expr, steady, now))
        if value is None or not math.isfinite(value):
            return None
        if value != gauge.value and math.isclose(value, gauge.value, rel_tol=1e-3):
            return None
        found.add(_HOLDS[gauge.comparison](value, gauge.value))
    return found.pop() if len(found) == 1 else None
