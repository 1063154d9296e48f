"""PromQL that is newer than the oldest Prometheus for which rules are made."""

import re
from collections.abc import Iterator

import promql_parser as ast

from slos.model import Slo
from slos.problems import Problem
from slos.promql.indicators import queries, reads
from slos.promql.language import PromqlError, children, parse

OLDEST = "2.42"
"""The oldest Prometheus that loads the rules."""
NEWER = {
    **dict.fromkeys(
        (
            *("info", "limitk", "limit_ratio", "mad_over_time", "sort_by_label", "sort_by_label_desc"),
            *("histogram_avg", "histogram_stddev", "histogram_stdvar", "double_exponential_smoothing"),
        ),
        "3.0",
    ),
    **dict.fromkeys(("ts_of_max_over_time", "ts_of_min_over_time", "ts_of_last_over_time"), "3.5"),
    **dict.fromkeys(("first_over_time", "ts_of_first_over_time"), "3.7"),
}
"""Functions and aggregations that it does not know, and a version that does."""
_MAYBE_NEWER = re.compile(rf"\b({'|'.join(NEWER)})\b", re.IGNORECASE)
_NAMES_OF_OLD = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_NAMES_VERSION = "3.0"


def version_problems(slo: Slo) -> Iterator[Problem]:
    """A warning for what the queries of an SLO use that the oldest Prometheus refuses, each thing once."""
    said: set[str] = set()
    for part, what, version in (*_newer_functions(slo), *_newer_names(slo)):
        if what in said:
            continue
        said.add(what)
        yield Problem(
            slo.place_of(part),
            f"Prometheus {OLDEST} does not know {what}, and would load none of the rules",
            f"do without it, or see that yours is {version} or newer"
            + (" and has it switched on (--enable-feature)" if what.endswith("()") else ""),
            "warning",
        )


def _newer_functions(slo: Slo) -> Iterator[tuple[str, str, str]]:
    try:
        given = queries(slo.indicator)
    except PromqlError:
        return
    for query in given:
        if not _MAYBE_NEWER.search(query.text):
            continue
        try:
            expr = parse(query.text)
        except PromqlError:
            continue
        for name in _called(expr):
            if name in NEWER:
                yield query.part, f"{name}()", NEWER[name]


def _called(expr: ast.Expr) -> Iterator[str]:
    if isinstance(expr, ast.Call):
        yield expr.func.name
    elif isinstance(expr, ast.AggregateExpr):
        yield str(expr.op)
    for child in children(expr):
        yield from _called(child)


def _newer_names(slo: Slo) -> Iterator[tuple[str, str, str]]:
    for read in reads(slo.indicator):
        for name in (read.selector.name, *(matcher.label for matcher in read.selector.matchers)):
            if name and not _NAMES_OF_OLD.fullmatch(name):
                yield read.part, f'the name "{name}"', _NAMES_VERSION
