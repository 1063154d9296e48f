"""Values and selectors of recorded series as PromQL writes them."""

import math
from functools import lru_cache

from slos.promql.selectors import quoted


def number(value: float) -> str:
    """The shortest literal that gives exactly this number back: 5, 0.999, 1e-05, -Inf."""
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


@lru_cache(4096)
def series(name: str, **labels: str) -> str:
    """A selector of one recorded series: slo:events{slo="x",window="5m"}."""
    return name + "{" + ",".join(f"{label}={quoted(value)}" for label, value in labels.items()) + "}"
