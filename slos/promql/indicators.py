"""The queries of an indicator, and the series that they read."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from slos.model import EventRatio, GaugeThreshold, Indicator, LatencyThreshold, RawRatio
from slos.promql.counting import vector_ratio
from slos.promql.language import PromqlError, histogram_buckets, parse, selectors_in
from slos.promql.selectors import Selector

Role = Literal["bad", "good", "total", "raw", "gauge"]


@dataclass(frozen=True, slots=True)
class Query:
    """One query of an indicator. `part` is where it stands: a key of `Slo.places`."""

    part: str
    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Read:
    """A selector that a query reads.

    `role` is what its value is for: the numerator of a raw ratio has the role `bad`. `counted_by` is the function that
    takes it for a counter or reads its range: `increase` for a counter that is given without one.
    """

    part: str
    role: Role
    selector: Selector
    counted_by: str | None = None


def queries(indicator: Indicator) -> tuple[Query, ...]:
    """The queries that an indicator gives; those of a latency threshold are made from it."""
    match indicator:
        case EventRatio(bad=str(bad)):
            return (Query("indicator.bad", "bad", bad), Query("indicator.total", "total", indicator.total))
        case EventRatio():
            good = indicator.good or ""
            return (Query("indicator.good", "good", good), Query("indicator.total", "total", indicator.total))
        case RawRatio():
            return (Query("indicator.query", "raw", indicator.query),)
        case GaugeThreshold():
            return (Query("indicator.query", "gauge", indicator.query),)
        case LatencyThreshold():
            within, count = histogram_buckets(indicator.histogram, indicator.threshold)
            return (Query("indicator.threshold", "good", within), Query("indicator.histogram", "total", count))


@lru_cache(8192)
def reads(indicator: Indicator) -> tuple[Read, ...]:
    """Every selector of every query that parses."""
    try:
        given = queries(indicator)
    except PromqlError:
        return ()
    return tuple(read for query in given for read in _reads(query))


def _reads(query: Query) -> Iterator[Read]:
    try:
        expr = parse(query.text)
    except PromqlError:
        return
    ratio = vector_ratio(expr) if query.role == "raw" else None
    if ratio is not None:
        for role, side in (("bad", ratio.lhs), ("total", ratio.rhs)):
            for selector in selectors_in(side):
                yield Read(query.part, "bad" if role == "bad" else "total", selector, selector.function)
        return
    counters = query.role in ("bad", "good", "total")
    for selector in selectors_in(expr):
        implied = "increase" if counters and selector.range_seconds is None else None
        yield Read(query.part, query.role, selector, selector.function or implied)
