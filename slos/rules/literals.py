"""Values, and selectors of recorded series, as PromQL writes them."""

import math
from functools import lru_cache

from slos.promql.selectors import quoted


@lru_cache(4096)
def number(value: float) -> str:
    """The shortest literal that gives exactly this number back: 5, 0.999, 1e-05, -Inf."""
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def recorded(name: str, slo: str, window: str | None = None) -> str:
    """A selector of one recorded series: slo:events{slo="x",window="5m"}."""
    return f"{name}{{slo={quoted(slo)}}}" if window is None else f'{name}{{slo={quoted(slo)},window="{window}"}}'


def series(name: str, **labels: str) -> str:
    """A selector of series by all of the labels that are given."""
    return name + "{" + ",".join([f"{label}={quoted(value)}" for label, value in labels.items()]) + "}"
