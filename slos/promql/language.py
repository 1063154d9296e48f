"""PromQL as SLO files use it: parsed, read, and given a window. Texts in, texts out.

promql-parser does the parsing. It gives no positions and does not escape what it prints, so a query's own text is used
wherever it can be, and selectors are written here.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

import promql_parser as ast

from slos.duration import format_duration
from slos.promql.selectors import LabelMatcher, MatchOp, Selector, quoted

__all__ = [
    "PARSED_WINDOW", "LabelMatcher", "MatchOp", "PromqlError", "Selector", "at_window", "children", "edge_texts",
    "edges_matched", "has_window", "histogram_buckets", "histogram_selector", "number", "parse", "quoted", "selectors",
    "selectors_in", "unwrapped",
]  # fmt: skip

PARSED_WINDOW = "5m"
"""What `{{.window}}` is replaced by to parse a query."""
MAX_DEPTH = 400
"""Of a query's syntax tree: the parser crashes the process on one some thousands deep."""

_CACHED = 16_384
_TOKEN = re.compile(
    r"""(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)|(?P<comment>\#[^\n]*)"""
    r"""|(?P<window>(?<=\[)\s*\{\{-?\s*\.window\s*-?\}\}\s*(?=[\]:]))|(?P<stray>\{\{-?\s*\.window\s*-?\}\})"""
)
_STRING = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`""")
_MATCHERS = re.compile(r"\{[^{}]*\}")
_OPERATOR = re.compile(r"[-+*/%^]|[=<>!]+|\b(?:and|or|unless|atan2)\b", re.IGNORECASE)
_OPTIONAL = re.compile(r"\((?:\?:)?\\?\.0\)\?|^\((?:\?:)?(?=[^()]*\)$)|\)$")
"""What makes `.0` optional in a pattern, and brackets around all of it."""
_EDGE = re.compile(r"[-+]?(?:Inf|[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)")
_HISTOGRAM_PARTS = ("_bucket", "_count", "_sum")


class PromqlError(ValueError):
    """A query that cannot be used: what is wrong with it (`message`) and what to write instead (`remedy`)."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message}; {remedy}")
        self.message = message
        self.remedy = remedy


def number(value: float) -> str:
    """A PromQL number literal: 300.0 -> 300."""
    return format(value, ".15g")


def parse(query: str) -> ast.Expr:
    """The syntax tree of `query`, every `{{.window}}` in it taken for 5m. Raises PromqlError."""
    return _parsed(PARSED_WINDOW.join(_pieces(query)))


def has_window(query: str) -> bool:
    """Whether `query` has a `{{.window}}`. Raises PromqlError where one stands outside of a range."""
    return len(_pieces(query)) > 1


def at_window(query: str, seconds: float) -> str:
    """`query` without comments and with its `{{.window}}` replaced by so many seconds. Raises PromqlError."""
    pieces = _pieces(query)
    return format_duration(seconds).join(pieces) if len(pieces) > 1 else pieces[0]


@lru_cache(_CACHED)
def selectors(query: str) -> tuple[Selector, ...]:
    """Every selection of series in `query`, in the order of the text. Raises PromqlError."""
    return selectors_in(parse(query))


@lru_cache(_CACHED)
def selectors_in(expr: ast.Expr) -> tuple[Selector, ...]:
    """Every selection of series in a syntax tree."""
    return tuple(_selectors(expr, None, 0.0))


def children(expr: ast.Expr) -> tuple[ast.Expr, ...]:
    """The expressions that `expr` is made of."""
    if isinstance(expr, ast.BinaryExpr):
        return (expr.lhs, expr.rhs)
    if isinstance(expr, ast.Call):
        return tuple(expr.args)
    if isinstance(expr, ast.AggregateExpr):
        return (expr.expr,) if expr.param is None else (expr.param, expr.expr)
    if isinstance(expr, (ast.ParenExpr, ast.UnaryExpr, ast.SubqueryExpr)):
        return (expr.expr,)
    return ()


def unwrapped(expr: ast.Expr) -> ast.Expr:
    """Without parentheses around it."""
    while isinstance(expr, ast.ParenExpr):
        expr = expr.expr
    return expr


def histogram_buckets(histogram: str, threshold: float) -> tuple[str, str]:
    """The selectors of a classic histogram's bucket with the edge `threshold`, and of its count.

    `histogram` is a selector under the base name. The label `le` is matched in every way that clients and Prometheus
    write the number (Prometheus 3 writes 1.0 where 2 kept 1). Raises PromqlError.
    """
    base = histogram_selector(histogram)
    texts = edge_texts(threshold)
    edge = LabelMatcher("le", "=", texts[0])
    if len(texts) > 1:
        edge = LabelMatcher("le", "=~", "|".join(re.escape(text) for text in texts))
    return str(base.called(f"{base.name}_bucket", edge)), str(base.called(f"{base.name}_count"))


def histogram_selector(histogram: str) -> Selector:
    """The selector of a histogram under its base name. Raises PromqlError for anything else."""
    expr = unwrapped(parse(histogram))
    remedy = 'write the histogram\'s selector under its base name, such as request_seconds{job="llm"}'
    if not isinstance(expr, ast.VectorSelector):
        raise PromqlError("this is no plain selector of a histogram", remedy)
    (selector,) = selectors_in(expr)
    if selector.name is None or selector.shifted:
        raise PromqlError("a histogram is selected by its name, without offset or @", remedy)
    for part in _HISTOGRAM_PARTS:
        if selector.name.endswith(part):
            base = selector.name.removesuffix(part)
            raise PromqlError(f"{selector.name} is a part of a histogram, not its base name", f"write {base}")
    if any(matcher.label == "le" for matcher in selector.matchers):
        raise PromqlError("the label le is set by the threshold", "leave it out of the selector")
    return selector


@lru_cache(_CACHED)
def edge_texts(threshold: float) -> tuple[str, ...]:
    """How a bucket edge may be written in the label `le`: by clients in Go, Python and Java, and by Prometheus 2 and 3.

    From 1e6 on, and below 1e-4, some write an exponent, each in a way of its own.
    """
    if math.isinf(threshold):
        return ("+Inf" if threshold > 0 else "-Inf",)
    shortest = repr(float(threshold))
    exact = Decimal(shortest).normalize()
    plain = format(exact, "f")
    texts = [plain]
    if "." not in plain:
        texts.append(f"{plain}.0")
    if threshold and not 1e-4 <= abs(threshold) < 1e6:
        exponent = exact.adjusted()
        mantissa = format(exact.scaleb(-exponent), "f")
        texts += [shortest, f"{mantissa}e{exponent:+03d}", f"{mantissa}{'' if '.' in mantissa else '.0'}E{exponent}"]
    return tuple(dict.fromkeys(texts))


def edges_matched(selector: Selector) -> frozenset[float] | None:
    """The bucket edges that a selector's conditions on `le` name; None where they name none, or none that is plain."""
    edges: set[float] = set()
    for matcher in selector.matchers:
        if matcher.label != "le":
            continue
        texts = [matcher.value] if matcher.op == "=" else _OPTIONAL.sub("", matcher.value).split("|")
        texts = [text.replace("\\", "") for text in texts]
        if matcher.op not in ("=", "=~") or not all(_EDGE.fullmatch(text) for text in texts):
            return None
        edges |= {float(text) for text in texts}
    return frozenset(edges) or None


@lru_cache(_CACHED)
def _pieces(query: str) -> tuple[str, ...]:
    """The query's text without comments, cut where the window belongs."""
    if "{{" not in query and "#" not in query:
        return (query,)
    pieces, text, position = [], "", 0
    for token in _TOKEN.finditer(query):
        if token["stray"]:
            raise PromqlError("{{.window}} stands for a range", "write it in brackets: increase(x[{{.window}}])")
        text += query[position : token.start()] + (token["string"] or "")
        position = token.end()
        if token["window"]:
            pieces.append(text)
            text = ""
    return (*pieces, text + query[position:])


@lru_cache(_CACHED)
def _parsed(text: str) -> ast.Expr:
    if len(text) > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise PromqlError(
            f"the query has more than {MAX_DEPTH} operators and brackets within each other",
            "record parts of it with rules of their own",
        )
    try:
        expr = ast.parse(text)
    except ValueError as error:
        remedy = "correct the query"
        if "{{" in text:
            remedy = "of templates only {{.window}} is replaced: write everything else out"
        raise PromqlError(f"PromQL does not parse: {error}", remedy) from error
    if "or" in text.lower() and any(selector.matchers.or_matchers for selector in _vector_selectors(expr)):
        raise PromqlError("PromQL does not parse: `or` between matchers", 'write label=~"a|b" or two selectors')
    return expr


def _depth(text: str) -> int:
    """No less than the depth of the syntax tree: brackets within each other, and operators in a row."""
    bare = _STRING.sub("", text)
    brackets = deepest = 0
    for character in bare:
        if character in "([{":
            brackets += 1
            deepest = max(deepest, brackets)
        elif character in ")]}":
            brackets -= 1
    return deepest + len(_OPERATOR.findall(_MATCHERS.sub("", bare)))


def _vector_selectors(expr: ast.Expr) -> Iterator[ast.VectorSelector]:
    if isinstance(expr, ast.VectorSelector):
        yield expr
    elif isinstance(expr, ast.MatrixSelector):
        yield expr.vector_selector
    for child in children(expr):
        yield from _vector_selectors(child)


def _selectors(expr: ast.Expr, function: str | None, reach: float) -> Iterator[Selector]:
    if isinstance(expr, ast.VectorSelector):
        yield _selector(expr, function, reach)
    elif isinstance(expr, ast.MatrixSelector):
        seconds = expr.range.total_seconds()
        selector = _selector(expr.vector_selector, function, reach)
        yield replace(selector, range_seconds=seconds, reach_seconds=selector.reach_seconds + seconds)
    elif isinstance(expr, ast.SubqueryExpr):
        seconds = expr.range.total_seconds() if expr.range else 0.0
        offset = expr.offset.total_seconds() if expr.offset else 0.0
        yield from _selectors(expr.expr, function, reach + seconds + max(offset, 0.0))
    elif isinstance(expr, ast.Call):
        for argument in expr.args:
            yield from _selectors(argument, expr.func.name, reach)
    else:
        inner = function if isinstance(expr, ast.ParenExpr) else None
        for child in children(expr):
            yield from _selectors(child, inner, reach)


_OPS: dict[str, MatchOp] = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


def _selector(expr: ast.VectorSelector, function: str | None, reach: float) -> Selector:
    name = expr.name
    matchers = []
    for matcher in expr.matchers.matchers:
        op = _OPS[str(matcher.op).rpartition(".")[2]]
        if matcher.name == "__name__" and op == "=" and name is None:
            name = matcher.value
        else:
            matchers.append(LabelMatcher(matcher.name, op, matcher.value))
    offset = expr.offset.total_seconds() if expr.offset else 0.0
    return Selector(
        name,
        tuple(matchers),
        function=function,
        reach_seconds=reach + max(offset, 0.0),
        shifted=bool(offset) or expr.at is not None,
    )
