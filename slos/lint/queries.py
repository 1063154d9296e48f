"""Queries that do not parse, or do not say what is meant."""

import math
from collections.abc import Iterator

import promql_parser as ast

from slos.lint.absence import absence_problems
from slos.lint.versions import version_problems
from slos.model import EventRatio, GaugeThreshold, LatencyThreshold, RawRatio, Slo
from slos.problems import Problem
from slos.promql.counting import counter_query, fixed_ranges, is_scalar, refuse_groups, shape
from slos.promql.indicators import Read, queries, reads
from slos.promql.language import (
    PromqlError,
    edge_texts,
    edges_matched,
    has_window,
    histogram_selector,
    parse,
    unwrapped,
)
from slos.promql.selectors import Selector

KNOWN_GAUGES = {
    "DCGM_FI_DEV_XID_ERRORS": "holds the code of the last XID error, which goes up and down",
}
"""Gauges that are often taken for counters, and what they hold."""
COUNTER_FUNCTIONS = frozenset({"rate", "increase", "irate", "resets"})
"""Functions that take a fall of the value for a restart."""


def query_problems(slo: Slo) -> Iterator[Problem]:
    """What is wrong with the indicator of an SLO, as far as its text tells."""
    match slo.indicator:
        case EventRatio():
            yield from _events(slo, slo.indicator)
        case LatencyThreshold():
            yield from _latency(slo, slo.indicator)
        case RawRatio() | GaugeThreshold():
            yield from _instant(slo, slo.indicator)
    for read in reads(slo.indicator):
        yield from _known_gauge(slo, read)
    yield from version_problems(slo)


def _problem(slo: Slo, part: str, error: PromqlError) -> Problem:
    return Problem(slo.place_of(part), error.message, error.remedy)


def _events(slo: Slo, ratio: EventRatio) -> Iterator[Problem]:
    whole = True
    for query in queries(ratio):
        try:
            counter_query(query.text)
        except PromqlError as error:
            whole = False
            yield _problem(slo, query.part, error)
    for read in reads(ratio):
        yield from _buckets(slo, read)
    if whole:
        yield from _same(slo, ratio)
        yield from absence_problems(slo, ratio)


def _same(slo: Slo, ratio: EventRatio) -> Iterator[Problem]:
    part, kind, text = ("bad", "bad", ratio.bad) if ratio.bad is not None else ("good", "good", ratio.good or "")
    if counter_query(text) == counter_query(ratio.total):
        yield Problem(
            slo.place_of(f"indicator.{part}"),
            f"every event is {kind}: the query is that of all events",
            f"select the {kind} ones only",
        )


def _buckets(slo: Slo, read: Read) -> Iterator[Problem]:
    """A histogram's buckets each hold those below, so that a count is of one of them."""
    selector = read.selector
    if not (selector.name or "").endswith("_bucket"):
        return
    conditions = [matcher for matcher in selector.matchers if matcher.label == "le"]
    edges = edges_matched(selector)
    said = " and ".join(map(str, conditions))
    if not conditions:
        message = f"{selector.name} without le counts an event once for each bucket"
        yield Problem(slo.place_of(read.part), message, 'select le="<edge>"')
    elif edges is None:
        message = f"{said} may select several buckets, and buckets hold those below them"
        yield Problem(slo.place_of(read.part), message, 'name one, by le="<edge>"', "warning")
    elif len(edges) != 1:
        message = f"{said} selects {len(edges)} buckets, and buckets hold those below them"
        yield Problem(slo.place_of(read.part), message, 'name one, by le="<edge>"')
    elif conditions[0].op == "=" and len(texts := edge_texts(next(iter(edges)))) > 1:
        pattern = "|".join(text.replace(".", r"\\.").replace("+", r"\\+") for text in texts)
        message = f"{said} finds the bucket as one version of Prometheus writes it: 3 has 1.0 where 2 has 1"
        yield Problem(slo.place_of(read.part), message, f'write le=~"{pattern}"', "warning")


def _latency(slo: Slo, latency: LatencyThreshold) -> Iterator[Problem]:
    try:
        histogram_selector(latency.histogram)
    except PromqlError as error:
        yield _problem(slo, "indicator.histogram", error)
    if not 0 < latency.threshold < math.inf:
        yield Problem(
            slo.place_of("indicator.threshold"),
            f"{latency.threshold:g} is no threshold of a latency",
            "write a bucket's edge above 0, in the metric's unit",
        )


def _instant(slo: Slo, indicator: RawRatio | GaugeThreshold) -> Iterator[Problem]:
    part = "indicator.query"
    try:
        expr = unwrapped(parse(indicator.query))
        mixed = has_window(indicator.query) and fixed_ranges(indicator.query)
        if isinstance(indicator, RawRatio):
            refuse_groups(expr)
    except PromqlError as error:
        yield _problem(slo, part, error)
        return
    if mixed:
        yield Problem(slo.place_of(part), "the query has {{.window}} and a fixed range", "write {{.window}} for both")
    found = reads(indicator)
    if isinstance(expr, (ast.MatrixSelector, ast.SubqueryExpr, ast.StringLiteral)):
        yield Problem(slo.place_of(part), "the query gives no number at a moment", "apply a function to the range")
    elif not found:
        yield Problem(slo.place_of(part), "the query reads no series", "name a metric in it")
    elif is_scalar(expr):
        yield Problem(
            slo.place_of(part),
            "the query gives a scalar, not a series",
            "leave scalar(...) away, or put vector() around it",
        )
    elif isinstance(indicator, GaugeThreshold) and shape(expr) == "grouped":
        yield Problem(
            slo.place_of(part),
            "the query gives a series for each group, of which the worst decides",
            "say so with min(...) or max(...), without `by`",
            "warning",
        )
    if any(read.selector.function == "irate" for read in found):
        yield Problem(slo.place_of(part), "irate sees the last two samples of a range only", "use rate")
    if isinstance(indicator, RawRatio) and not _reads_histogram(indicator.query):
        for read in found:
            if read.counted_by in COUNTER_FUNCTIONS:
                yield from _buckets(slo, read)


def _reads_histogram(query: str) -> bool:
    return "histogram_" in query


def _known_gauge(slo: Slo, read: Read) -> Iterator[Problem]:
    if read.counted_by in COUNTER_FUNCTIONS and read.selector.name in KNOWN_GAUGES:
        yield not_a_counter(slo, read, KNOWN_GAUGES[read.selector.name])


def not_a_counter(slo: Slo, read: Read, why: str) -> Problem:
    """The problem of a gauge that a query takes for a counter."""
    return Problem(
        slo.place_of(read.part),
        f"{read.counted_by}() of {_name(read.selector)}, which is no counter: it {why}",
        "select a counter, or judge its value with a thresholdMetric (a gauge threshold)",
    )


def _name(selector: Selector) -> str:
    return selector.name or str(selector)
