"""PromQL that is newer than the oldest Prometheus for which rules are made."""

import re
from collections.abc import Iterator

import promql_parser as ast

from slos.model import Slo
from slos.problems import Problem
from slos.promql.indicators import queries
from slos.promql.language import PromqlError, children, parse, selectors_in

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
_NAMES_OF_OLD = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_NAMES_VERSION = "3.0"


def version_problems(slo: Slo) -> Iterator[Problem]:
    """A warning for what the queries of an SLO use that the oldest Prometheus refuses, each thing once."""
    try:
        given = queries(slo.indicator)
    except PromqlError:
        return
    said: set[str] = set()
    for query in given:
        try:
            expr = parse(query.text)
        except PromqlError:
            continue
        for what, version in (*_newer_functions(expr), *_newer_names(expr)):
            if what in said:
                continue
            said.add(what)
            yield Problem(
                slo.place_of(query.part),
                f"Prometheus {OLDEST} does not know {what}, and would load none of the rules",
                f"do without it, or see that yours is {version} or newer"
                + (" and has it switched on (--enable-feature)" if what.endswith("()") else ""),
                "warning",
            )


def _newer_functions(expr: ast.Expr) -> Iterator[tuple[str, str]]:
    name = ""
    if isinstance(expr, ast.Call):
        name = expr.func.name
    elif isinstance(expr, ast.AggregateExpr):
        name = str(expr.op)
    if name in NEWER:
        yield f"{name}()", NEWER[name]
    for child in children(expr):
        yield from _newer_functions(child)


def _newer_names(expr: ast.Expr) -> Iterator[tuple[str, str]]:
    for selector in selectors_in(expr):
        for name in (selector.name, *(matcher.label for matcher in selector.matchers)):
            if name and not _NAMES_OF_OLD.fullmatch(name):
                yield f'the name "{name}"', _NAMES_VERSION
