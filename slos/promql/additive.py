"""Expressions whose counts add up: that of two windows that touch is the sum of both, which long windows rely on."""

import promql_parser as ast

from slos.promql.language import PromqlError, children, unwrapped

COUNTING = frozenset({"increase", "count_over_time", "sum_over_time"})
"""Functions whose values over windows that touch add up to that of both."""
RATE = "rate"
_KEEPING = frozenset({"label_replace", "label_join", "sort", "sort_desc", "sort_by_label", "sort_by_label_desc"})
"""Functions that leave the values of a vector as they are."""
_COMPARISONS = frozenset({"==", "!=", ">", "<", ">=", "<="})


def check_additive(expr: ast.Expr) -> None:
    """Raise PromqlError unless `expr` is a count: sums, differences and multiples of what COUNTING or rate() give."""
    expr = unwrapped(expr)
    if isinstance(expr, ast.Call):
        _check_call(expr)
    elif isinstance(expr, ast.AggregateExpr):
        if str(expr.op) != "sum":
            raise PromqlError(f"{expr.op}() of counts is no number of events", "use sum(...)")
        check_additive(expr.expr)
    elif isinstance(expr, ast.BinaryExpr):
        _check_binary(expr)
    elif isinstance(expr, ast.UnaryExpr):
        raise PromqlError("a number of events is not negative", "leave the minus sign away")


def _check_call(call: ast.Call) -> None:
    name = call.func.name
    if name in COUNTING or name == RATE:
        read = call.args[0]
        shifted = read.vector_selector if isinstance(read, ast.MatrixSelector) else read
        if shifted.offset or shifted.at is not None:
            raise PromqlError("the selector is shifted in time (offset or @)", "leave the shift away")
    elif name in _KEEPING or (name == "clamp_min" and _number(call.args[1]) == 0):
        check_additive(call.args[0])
    else:
        raise PromqlError(f"{name}() of counts is no number of events", f"leave {name}() away")


def _check_binary(expr: ast.BinaryExpr) -> None:
    operator = str(expr.op).strip()
    if operator in _COMPARISONS:
        raise PromqlError("the result of a comparison is no number of events", f"leave `{operator}` away")
    counts = [side for side in (expr.lhs, expr.rhs) if _reads_series(side)]
    for side in counts[:1] if operator in ("and", "unless") else counts:
        check_additive(side)
    if operator in ("and", "unless") and expr.lhs in counts:
        return
    if operator == "or" and expr.lhs in counts and (expr.rhs in counts or is_no_event(expr.rhs)):
        return
    if operator in ("*", "/") and len(counts) == 1 and _scales(expr):
        return
    if operator in ("+", "-") and len(counts) == 2:
        return
    if operator == "/" and len(counts) == 2:
        raise PromqlError("the query is a ratio, not a number of events", "give counts, or the ratio as a raw metric")
    if operator in ("+", "-", "or"):
        raise PromqlError("a constant in the query is no number of events", "leave it away (`or vector(0)` may stay)")
    raise PromqlError(f"`{operator}` does not give a number of events", "add counts, or multiply one by a number")


def _reads_series(expr: ast.Expr) -> bool:
    if isinstance(expr, (ast.VectorSelector, ast.MatrixSelector)):
        return True
    return any(_reads_series(child) for child in children(expr))


def is_no_event(expr: ast.Expr) -> bool:
    """Whether an expression is `vector(0)`."""
    expr = unwrapped(expr)
    return isinstance(expr, ast.Call) and expr.func.name == "vector" and _number(expr.args[0]) == 0


def _scales(expr: ast.BinaryExpr) -> bool:
    """Whether the one side that counts is multiplied or divided by a number above 0."""
    factor = expr.lhs if _reads_series(expr.rhs) else expr.rhs
    value = _number(factor)
    return value is not None and value > 0 and (str(expr.op) == "*" or factor is expr.rhs)


def _number(expr: ast.Expr) -> float | None:
    """A number that is written out."""
    expr = unwrapped(expr)
    if isinstance(expr, ast.NumberLiteral):
        return float(expr.val)
    if isinstance(expr, ast.BinaryExpr) and str(expr.op) in ("*", "/"):
        left, right = (_number(child) for child in children(expr))
        if left is not None and right:
            return left * right if str(expr.op) == "*" else left / right
    return None
