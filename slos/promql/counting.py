"""Queries that count events: what a counter query may look like, and how many events it saw in a window."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import promql_parser as ast

from slos.duration import format_duration, parse_duration
from slos.model import WINDOW_PLACEHOLDER
from slos.promql.additive import COUNTING, RATE, check_additive
from slos.promql.language import (
    PARSED_WINDOW,
    PromqlError,
    at_window,
    children,
    has_window,
    number,
    parse,
    selectors_in,
    unwrapped,
)

Shape = Literal["one", "many", "grouped"]
"""What a query gives: one series without labels, one for each set of labels, or one for each group asked for."""

_WRITE = (
    'write a counter\'s selector (requests_total{code=~"5.."}), sum(...) of one, or '
    f"sum(increase(requests_total[{WINDOW_PLACEHOLDER}]))"
)
_MARKER_SECONDS = 1_234_567.0
"""A range that nobody writes: what has it in the syntax tree had `{{.window}}` in the text."""
_MARKER = format_duration(_MARKER_SECONDS)
_PARSED_SECONDS = parse_duration(PARSED_WINDOW)
_SELECTING = frozenset({"topk", "bottomk", "limitk", "limit_ratio", "count_values"})
_SCALAR_FUNCTIONS = frozenset({"scalar", "time", "pi"})
_SET_LEFT = frozenset({"and", "unless"})


@dataclass(frozen=True, slots=True)
class CounterQuery:
    """A query that counts events: `template` over `{{.window}}` gives them per window, or per second of it."""

    template: str
    per_second: bool

    def over(self, seconds: float) -> str:
        """PromQL of the number of events in the last `seconds`: one series without labels."""
        expression = at_window(self.template, seconds)
        return f"({expression}) * {number(seconds)}" if self.per_second else expression


def counts_expression(query: str, seconds: float) -> str:
    """PromQL giving how many events a counter query saw in the last `seconds`: one series without labels.

    The query is a counter's selector, a `sum(...)` of one, or an expression over `{{.window}}` made of `rate` or of
    functions that count (additive.COUNTING), of which two windows together count as much as each by itself. Raises
    PromqlError for anything else, naming what to write.
    """
    return counter_query(query).over(seconds)


@lru_cache(16_384)
def counter_query(query: str) -> CounterQuery:
    """`query`, understood. Raises PromqlError if it does not count events."""
    return _windowed(query) if has_window(query) else _plain(query)


def shape(expr: ast.Expr, but: frozenset[str] = frozenset()) -> Shape:
    """How many series an expression gives, as far as its text tells; those that only differ in labels `but` are one."""
    if isinstance(expr, ast.AggregateExpr):
        return _aggregated(expr, but)
    if isinstance(expr, (ast.VectorSelector, ast.MatrixSelector)):
        return "many"
    if isinstance(expr, ast.Call) and (expr.func.name in ("scalar", "vector", "time") or not expr.args):
        return "one"
    if isinstance(expr, ast.BinaryExpr) and str(expr.op).strip() in _SET_LEFT:
        return shape(expr.lhs, but)
    if isinstance(expr, ast.Call) and expr.func.name == "histogram_quantile":
        but |= {"le"}  # it makes one series of all buckets of a histogram
    shapes = {shape(child, but) for child in children(expr)}
    return "grouped" if "grouped" in shapes else "many" if "many" in shapes else "one"


def gives_scalar(expr: ast.Expr) -> bool:
    """Whether an expression gives a plain number instead of a vector."""
    if isinstance(expr, ast.Call):
        return bool(expr.func.return_type == ast.ValueType.Scalar)
    if isinstance(expr, (ast.ParenExpr, ast.UnaryExpr, ast.BinaryExpr)):
        return all(gives_scalar(child) for child in children(expr))
    return isinstance(expr, ast.NumberLiteral)


def refuse_groups(expr: ast.Expr) -> None:
    """Raise PromqlError if an expression gives a series for each group: an SLO has one."""
    if shape(expr) == "grouped":
        raise PromqlError(
            "the query gives a series for each group, and an SLO is one", "leave `by` away, or write an SLO for each"
        )


def vector_ratio(expr: ast.Expr) -> ast.BinaryExpr | None:
    """The division of two vectors that an expression is, if it is one."""
    expr = unwrapped(expr)
    if not (isinstance(expr, ast.BinaryExpr) and str(expr.op) == "/"):
        return None
    return expr if all(selectors_in(side) for side in (expr.lhs, expr.rhs)) else None


def fixed_ranges(query: str) -> bool:
    """Whether any range of a query is written out, other than within one over `{{.window}}`. Raises PromqlError."""
    ranges = _ranges(parse(at_window(query, _MARKER_SECONDS)), None)
    return any(seconds not in (None, _MARKER_SECONDS) for _, seconds in ranges)


def is_scalar(expr: ast.Expr) -> bool:
    """Whether an expression gives a number without labels or series, which rules can neither sum nor compare."""
    expr = unwrapped(expr)
    if isinstance(expr, ast.Call):
        return expr.func.name in _SCALAR_FUNCTIONS
    if isinstance(expr, (ast.BinaryExpr, ast.UnaryExpr)):
        return all(is_scalar(child) for child in children(expr))
    return isinstance(expr, ast.NumberLiteral)


def _aggregated(expr: ast.AggregateExpr, but: frozenset[str]) -> Shape:
    if str(expr.op) in _SELECTING:
        return "many"
    if expr.modifier is None or (expr.modifier.type == ast.AggModifierType.By and but.issuperset(expr.modifier.labels)):
        return "one"
    return "grouped"


def _plain(query: str) -> CounterQuery:
    """A selector or a sum of one: its counter's increase."""
    expr = unwrapped(parse(query))
    refuse_groups(expr)
    if isinstance(expr, ast.AggregateExpr) and str(expr.op) == "sum":
        expr = unwrapped(expr.expr)
    if any(seconds is not None for _, seconds in _ranges(expr, None)):
        raise PromqlError(
            "the query has a fixed range, but is read over many windows", f"write [{WINDOW_PLACEHOLDER}] in its place"
        )
    if not isinstance(expr, ast.VectorSelector):
        raise PromqlError("the query is no counter that events could be read from", _WRITE)
    (selector,) = selectors_in(expr)
    if selector.shifted:
        raise PromqlError("the selector is shifted in time (offset or @)", "leave the shift away")
    return CounterQuery(f"sum(increase({selector}[{WINDOW_PLACEHOLDER}]))", per_second=False)


def _windowed(query: str) -> CounterQuery:
    """An expression over {{.window}}."""
    marked = at_window(query, _MARKER_SECONDS).strip()
    # Where every bracket holds the placeholder, the query as all others parse it tells as much: parsing is what costs.
    window = _PARSED_SECONDS if marked.count("[") == marked.count(f"[{_MARKER}") else _MARKER_SECONDS
    expr = unwrapped(parse(at_window(query, window)))
    ranges = tuple(_ranges(expr, None))
    _check_ranges(ranges, window)
    if vector_ratio(expr) is not None:
        raise PromqlError("the query is a ratio, not a number of events", "give counts, or the ratio as a raw metric")
    refuse_groups(expr)
    if is_scalar(expr):
        raise PromqlError("the query gives a scalar, not a series", "leave scalar(...) away")
    check_additive(expr)
    template = marked.replace(_MARKER, WINDOW_PLACEHOLDER)
    if shape(expr) == "many":
        if not isinstance(expr, ast.Call):
            raise PromqlError("the query gives a series for each set of labels", "put sum(...) around it")
        template = f"sum({template})"
    return CounterQuery(template, per_second=all(function == RATE for function, _ in ranges))


Range = tuple[str | None, float | None]
"""The function that reads it, and its seconds; None for a selector outside of any range."""


def _ranges(expr: ast.Expr, function: str | None) -> Iterator[Range]:
    """The outermost ranges of an expression."""
    if isinstance(expr, ast.VectorSelector):
        yield (None, None)
    elif isinstance(expr, (ast.MatrixSelector, ast.SubqueryExpr)):
        yield (function, expr.range.total_seconds() if expr.range else None)
    else:
        name = expr.func.name if isinstance(expr, ast.Call) else function
        for child in children(expr):
            yield from _ranges(child, name)


def _check_ranges(ranges: tuple[Range, ...], window: float) -> None:
    functions = {function for function, _ in ranges}
    if any(seconds is None for _, seconds in ranges):
        raise PromqlError("a selector in the query has no range", f"write increase(x[{WINDOW_PLACEHOLDER}]) for it")
    if any(seconds != window for _, seconds in ranges):
        raise PromqlError("one of the query's ranges is fixed", f"write [{WINDOW_PLACEHOLDER}] in its place")
    if not (functions <= COUNTING or functions == {RATE}):
        odd = sorted(str(function) for function in functions - COUNTING - {RATE})
        if not odd:
            raise PromqlError("the query mixes events per second (rate) with events", "use increase throughout")
        raise PromqlError(f"{', '.join(odd)}() does not count events", f"use increase(x[{WINDOW_PLACEHOLDER}]) or rate")
