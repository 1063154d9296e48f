"""What a counter query gives while series that it reads are not there."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import promql_parser as ast

from slos.promql.additive import COUNTING, RATE, is_no_event
from slos.promql.counting import shape
from slos.promql.language import children, parse, selectors_in, unwrapped

_ALWAYS = frozenset({"vector", "scalar", "time", "pi"})
_ARITHMETIC = frozenset({"+", "-", "*", "/"})


@dataclass(frozen=True, slots=True)
class Presence:
    """When a counter query gives nothing.

    `of_one_counter`: only when no series of the one counter that it reads is there, which then has counted no event
    yet; also for alternatives (`or`) of which each is so. `needs`: the series without any of which it gives nothing,
    and none else; None where its text does not tell.
    """

    of_one_counter: bool
    needs: frozenset[str] | None

    @property
    def always(self) -> bool:
        """Whether it gives a number whatever series there are."""
        return self.needs is not None and not self.needs

    def implied_by(self, other: "Presence") -> bool:
        """Whether this query gives something for sure when the other does."""
        return self.needs is not None and (not self.needs or (other.needs is not None and self.needs <= other.needs))


@lru_cache(16_384)
def presence(query: str) -> Presence:
    """When a counter query that counting.counter_query accepts gives nothing. Raises PromqlError."""
    expr = parse(query)
    return Presence(_of_one_counter(expr), _needs(expr))


def hides_absence(query: str) -> bool:
    """Whether a default around several series (`... or vector(0)`) stands for the whole when one of them is missing."""
    expr = unwrapped(parse(query))
    if not (isinstance(expr, ast.BinaryExpr) and str(expr.op).strip() == "or") or selectors_in(expr.rhs):
        return False
    return not _of_one_counter(expr.lhs) and _needs(expr.lhs) != frozenset()


def added_without_default(query: str) -> tuple[str, ...]:
    """The series that counters in a sum (`a + b`) need, and so the whole of it. Raises PromqlError."""
    expr = unwrapped(parse(query))
    added = tuple(_added(expr)) if isinstance(expr, ast.BinaryExpr) else ()
    return tuple(sorted(frozenset().union(*(_needs(one) or () for one in added))))


def _added(expr: ast.Expr) -> Iterator[ast.Expr]:
    expr = unwrapped(expr)
    if not isinstance(expr, ast.BinaryExpr):
        yield expr
    elif str(expr.op) == "+":
        yield from _added(expr.lhs)
        yield from _added(expr.rhs)


def _of_one_counter(expr: ast.Expr) -> bool:
    expr = unwrapped(expr)
    if len({str(selector) for selector in selectors_in(expr)}) == 1:
        return True
    if isinstance(expr, ast.BinaryExpr) and str(expr.op).strip() == "or":
        return _of_one_counter(expr.lhs) and (is_no_event(expr.rhs) or _of_one_counter(expr.rhs))
    return False


def _needs(expr: ast.Expr) -> frozenset[str] | None:
    expr = unwrapped(expr)
    if isinstance(expr, ast.BinaryExpr):
        return _needs_of_both(expr)
    if isinstance(expr, ast.Call):
        return _needs_of_call(expr)
    if isinstance(expr, (ast.VectorSelector, ast.MatrixSelector)):
        (selector,) = selectors_in(expr)
        return frozenset({str(selector)})
    if isinstance(expr, ast.AggregateExpr):
        return _needs(expr.expr)
    return frozenset() if isinstance(expr, ast.NumberLiteral) else None


def _needs_of_call(call: ast.Call) -> frozenset[str] | None:
    if call.func.name in _ALWAYS:
        return frozenset()
    if call.func.name in COUNTING and call.func.name != "increase":
        # One sample will do, where increase and rate need two: not the same as being there for these.
        return None
    if call.func.name in ("increase", RATE, "clamp_min"):
        return _needs(call.args[0])
    return None


def _needs_of_both(expr: ast.BinaryExpr) -> frozenset[str] | None:
    operator = str(expr.op).strip()
    left, right = (_needs(side) for side in children(expr))
    if operator == "or":
        if not left or not right:  # one of them is always there, or is not known to be
            return frozenset() if frozenset() in (left, right) else None
        return left if left == right else None
    if operator not in _ARITHMETIC or left is None or right is None:
        return None
    if left and right and not shape(expr.lhs) == shape(expr.rhs) == "one":
        return None  # series of both sides that do not match give nothing
    return left | right
