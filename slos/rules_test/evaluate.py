"""What a query gives, at one moment, over a few series that are known: enough of PromQL to choose test input by."""

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slos.promql.language import Selector, children, selectors_in

if TYPE_CHECKING:
    from promql_parser import AggregateExpr, BinaryExpr, Call, Expr, SubqueryExpr

Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]
Value = float | Vector


class UnderivableError(Exception):
    """A query for which no test input can be worked out: why."""


@dataclass(frozen=True, slots=True)
class Steady:
    """A series that does one thing: a gauge's level, or how many events a counter counts per second."""

    labels: Mapping[str, str]
    value: float


_DEFAULT_STEP, _OTHER_STEP = 60.0, 7.0
"""Two of many, in seconds: a subquery without a step has the server's evaluation interval."""
COUNTER_FUNCTIONS = frozenset({"increase", "rate", "irate"})
_OF_A_STEADY_GAUGE = frozenset(
    {"avg_over_time", "max_over_time", "min_over_time", "last_over_time", "quantile_over_time"}
)
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda left, right: left / right if right else math.copysign(math.inf, left) if left else math.nan,
    "^": operator.pow,
}
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
_AGGREGATES: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": sum,
    "max": max,
    "min": min,
    "count": len,
    "avg": lambda values: sum(values) / len(values),
    "group": lambda _: 1.0,
}
_FUNCTIONS: dict[str, Callable[..., float]] = {
    "abs": abs,
    "ceil": math.ceil,
    "floor": math.floor,
    "clamp": lambda value, low, high: min(max(value, low), high),
    "clamp_min": max,
    "clamp_max": min,
}


def evaluate(expr: "Expr", series: Sequence[Steady], now: float) -> Value:
    """The value of `expr` at `now` (seconds) when the series have been steady for longer than it looks back.

    Raises UnderivableError for PromQL that is not understood here, and for what depends on the server's settings.
    """
    evaluation = _Evaluation(tuple(series), now)
    value = evaluation.of(expr)
    if evaluation.default_step_used and not _same(value, _Evaluation(tuple(series), now, _OTHER_STEP).of(expr)):
        raise UnderivableError("its value depends on the step that the server gives to subqueries without one")
    return value


def single(value: Value) -> float | None:
    """The one number that a query gave; None where it gave nothing. Raises UnderivableError for several."""
    if isinstance(value, float):
        return value
    if len(value) > 1:
        raise UnderivableError("it gives more than one series")
    return next(iter(value.values()), None)


def counts_steps(expr: "Expr") -> bool:
    """Whether a query counts the steps of a subquery anywhere."""
    import promql_parser as ast

    if isinstance(expr, ast.Call) and _is_count_of_steps(expr):
        return True
    return any(counts_steps(child) for child in children(expr))


def matches(selector: Selector, labels: Mapping[str, str]) -> bool:
    """Whether a selector selects a series."""
    if selector.name is not None and labels.get("__name__") != selector.name:
        return False
    for matcher in selector.matchers:
        value = labels.get(matcher.label, "")
        exact = matcher.op in ("=", "!=")
        equal = value == matcher.value if exact else re.fullmatch(matcher.value, value) is not None
        if equal != (matcher.op in ("=", "=~")):
            return False
    return True


class _Evaluation:
    def __init__(self, series: Sequence[Steady], now: float, default_step: float = _DEFAULT_STEP) -> None:
        self._series = series
        self._now = now
        self._default_step = default_step
        self.default_step_used = False

    def of(self, expr: "Expr") -> Value:
        import promql_parser as ast

        if isinstance(expr, ast.NumberLiteral):
            return float(expr.val)
        if isinstance(expr, ast.ParenExpr):
            return self.of(expr.expr)
        if isinstance(expr, ast.UnaryExpr):
            return _mapped(self.of(expr.expr), operator.neg)
        if isinstance(expr, ast.VectorSelector):
            return self._selected(expr)
        if isinstance(expr, ast.Call):
            return self._call(expr)
        if isinstance(expr, ast.AggregateExpr):
            return self._aggregate(expr)
        if isinstance(expr, ast.BinaryExpr):
            return self._binary(expr)
        raise UnderivableError(f"{expr.prettify()} is not understood")

    def _selected(self, expr: "Expr") -> Vector:
        (selector,) = selectors_in(expr)
        return {frozenset(one.labels.items()): one.value for one in self._series if matches(selector, one.labels)}

    def _call(self, expr: "Call") -> Value:
        name = expr.func.name
        if name == "time":
            return self._now
        if name in COUNTER_FUNCTIONS or name in _OF_A_STEADY_GAUGE:
            return self._over_time(name, expr.args[-1])
        if _is_count_of_steps(expr):
            return self._steps(expr.args[0])
        if name not in (*_FUNCTIONS, "vector", "scalar"):
            raise UnderivableError(f"{name}() is not understood")
        arguments = [self.of(argument) for argument in expr.args]
        if name == "vector" and isinstance(arguments[0], float):
            return {frozenset(): arguments[0]}
        if name == "scalar" and isinstance(arguments[0], dict):
            return next(iter(arguments[0].values())) if len(arguments[0]) == 1 else math.nan
        if name in _FUNCTIONS:
            numbers = [argument for argument in arguments[1:] if isinstance(argument, float)]
            return _mapped(arguments[0], lambda value: float(_FUNCTIONS[name](value, *numbers)))
        raise UnderivableError(f"{name}() of this is not understood")

    def _over_time(self, name: str, argument: "Expr") -> Value:
        import promql_parser as ast

        if isinstance(argument, ast.SubqueryExpr) and name in _OF_A_STEADY_GAUGE:
            return _mapped(self.of(argument.expr), float)
        if not isinstance(argument, ast.MatrixSelector):
            raise UnderivableError(f"{name}() of a subquery is not understood")
        seconds = argument.range.total_seconds() if name == "increase" else 1.0
        return {_unnamed(labels): value * seconds for labels, value in self._selected(argument).items()}

    def _steps(self, subquery: "SubqueryExpr") -> Value:
        """How many steps found each series: all of them, as nothing changes."""
        if subquery.step is not None or subquery.range is None:
            raise UnderivableError("count_over_time() of a subquery with a step is not understood")
        self.default_step_used = True
        steps = subquery.range.total_seconds() / self._default_step
        return _mapped(self.of(subquery.expr), lambda _: steps)

    def _aggregate(self, expr: "AggregateExpr") -> Vector:
        name = str(expr.op)
        inner = self.of(expr.expr)
        if name not in _AGGREGATES or isinstance(inner, float):
            raise UnderivableError(f"{name}() is not understood")
        groups: dict[Labels, list[float]] = {}
        for labels, value in inner.items():
            groups.setdefault(_group(labels, expr), []).append(value)
        return {labels: float(_AGGREGATES[name](values)) for labels, values in groups.items()}

    def _binary(self, expr: "BinaryExpr") -> Value:
        name = str(expr.op)
        left, right = self.of(expr.lhs), self.of(expr.rhs)
        if name in ("or", "and", "unless"):
            if isinstance(left, float) or isinstance(right, float):
                raise UnderivableError(f"{name} of numbers is not understood")
            return _set_operation(name, left, right, expr)
        as_number = bool(expr.modifier and expr.modifier.return_bool)

        def combined(one: float, other: float) -> float | None:
            if name in _ARITHMETIC:
                return _ARITHMETIC[name](one, other)
            if name not in _COMPARISONS:
                raise UnderivableError(f"the operator {name} is not understood")
            held = _COMPARISONS[name](one, other)
            return float(held) if as_number else one if held else None

        if isinstance(left, float):
            if isinstance(right, float):
                result = combined(left, right)
                return math.nan if result is None else result
            return _present((_kept(labels, name), combined(left, value)) for labels, value in right.items())
        if isinstance(right, float):
            return _present((_kept(labels, name), combined(value, right)) for labels, value in left.items())
        others = {_match(labels, expr): value for labels, value in right.items()}
        return _present(
            (_kept(labels, name), combined(value, others[_match(labels, expr)]))
            for labels, value in left.items()
            if _match(labels, expr) in others
        )


def _is_count_of_steps(call: "Call") -> bool:
    from promql_parser import SubqueryExpr

    return call.func.name == "count_over_time" and isinstance(call.args[0], SubqueryExpr)


def _same(one: Value, other: Value) -> bool:
    first: Vector = {frozenset(): one} if isinstance(one, float) else one
    second: Vector = {frozenset(): other} if isinstance(other, float) else other
    return first.keys() == second.keys() and all(
        math.isclose(value, second[labels], rel_tol=1e-9) or math.isnan(value) for labels, value in first.items()
    )


def _mapped(value: Value, change: Callable[[float], float]) -> Value:
    if isinstance(value, float):
        return change(value)
    return {_unnamed(labels): change(one) for labels, one in value.items()}


def _present(entries: Iterable[tuple[Labels, float | None]]) -> Vector:
    return {labels: value for labels, value in entries if value is not None}


def _set_operation(name: str, left: Vector, right: Vector, expr: "BinaryExpr") -> Vector:
    if name == "or":
        there = {_match(labels, expr) for labels in left}
        return left | {labels: value for labels, value in right.items() if _match(labels, expr) not in there}
    there = {_match(labels, expr) for labels in right}
    return {labels: value for labels, value in left.items() if (_match(labels, expr) in there) == (name == "and")}


def _kept(labels: Labels, operation: str) -> Labels:
    return _unnamed(labels) if operation in _ARITHMETIC else labels


def _unnamed(labels: Labels) -> Labels:
    return frozenset(label for label in labels if label[0] != "__name__")


def _match(labels: Labels, expr: "BinaryExpr") -> Labels:
    """The labels by which the two sides of an operation find each other."""
    from promql_parser import LabelModifierType

    chosen = expr.modifier.matching if expr.modifier else None
    if chosen is None:
        return _unnamed(labels)
    on = chosen.type == LabelModifierType.Include
    return frozenset(label for label in _unnamed(labels) if (label[0] in chosen.labels) == on)


def _group(labels: Labels, expr: "AggregateExpr") -> Labels:
    from promql_parser import AggModifierType

    if expr.modifier is None:
        return frozenset()
    by = expr.modifier.type == AggModifierType.By
    return frozenset(label for label in _unnamed(labels) if (label[0] in expr.modifier.labels) == by)
