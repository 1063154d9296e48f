"""Gauges that are taken for counters, by the types that targets give their metrics."""

from collections.abc import Iterator, Mapping, Sequence

from slos.lint.queries import COUNTER_FUNCTIONS, KNOWN_GAUGES, not_a_counter
from slos.model import Slo
from slos.problems import Problem
from slos.promql.indicators import reads

_GAUGES = frozenset({"gauge", "info", "stateset"})


def type_problems(slos: Sequence[Slo], types: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    """Every rate or increase of a metric that all targets which export it call a gauge.

    A histogram's and an OpenMetrics counter's series are called otherwise than their family, and never are gauges.
    """
    for slo in slos:
        for read in reads(slo.indicator):
            name = read.selector.name or ""
            known = types.get(name, frozenset())
            if read.counted_by in COUNTER_FUNCTIONS and known and known <= _GAUGES and name not in KNOWN_GAUGES:
                yield not_a_counter(slo, read, f"is a {' or '.join(sorted(known))}, say the targets that export it")
