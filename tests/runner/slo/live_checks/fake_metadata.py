"""A Prometheus of a few series: it understands the questions that the live checks ask, as PromQL."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import promql_parser as ast

from clients.prometheus import LabelledValue
from clients.prometheus_metadata import Refused, Values
from slos.promql.language import selectors_in
from slos.promql.selectors import LabelMatcher, Selector

Labels = Mapping[str, str]
_HOLDS: Mapping[str, Callable[[str, str], bool]] = {
    "=": lambda value, wanted: value == wanted,
    "!=": lambda value, wanted: value != wanted,
    "=~": lambda value, wanted: re.fullmatch(wanted, value) is not None,
    "!~": lambda value, wanted: re.fullmatch(wanted, value) is None,
}


def series(name: str, **labels: str) -> Labels:
    return {"__name__": name, **labels}


@dataclass
class FakeMetadata:
    """What there is now, what there was within the last day, and what else the server tells."""

    now: Sequence[Labels] = ()
    before: Sequence[Labels] = ()
    kept: str | None = "90d"
    types: Mapping[str, frozenset[str]] | None = field(default_factory=dict)
    refused: str = "nothing that is refused"
    url: str = "http://prometheus.test"

    def retention(self) -> str | None:
        return self.kept

    def metric_types(self) -> Mapping[str, frozenset[str]] | None:
        return self.types

    def metric_names(self) -> tuple[str, ...]:
        return tuple(sorted({labels["__name__"] for labels in self.now}))

    def answers(self, questions: Sequence[str]) -> dict[str, Values | Refused]:
        return {
            question: Refused(f"{question} is refused")
            if self.refused in question
            else self._answer(ast.parse(question))
            for question in questions
        }

    def _answer(self, question: ast.Expr) -> Values:
        if isinstance(question, ast.ParenExpr):
            return self._answer(question.expr)
        if isinstance(question, ast.VectorSelector):
            return self._selected(question, self.now)
        if isinstance(question, ast.Call) and question.func.name == "count_over_time":
            return self._selected(question.args[0], (*self.now, *self.before))
        if isinstance(question, ast.Call):  # a rate, and what not: it has a value for each series
            return self._answer(question.args[0])
        if isinstance(question, ast.MatrixSelector):
            return self._selected(question, self.now)
        if isinstance(question, ast.BinaryExpr):
            return self._answer(question.lhs)
        assert isinstance(question, ast.AggregateExpr), question
        found = self._answer(question.expr)
        if str(question.op) in ("topk", "bottomk"):
            assert isinstance(question.param, ast.NumberLiteral)
            return found[: int(question.param.val)]
        return _grouped(str(question.op), found, question.modifier.labels if question.modifier else [])

    def _selected(self, selector: ast.Expr, among: Sequence[Labels]) -> Values:
        (wanted,) = selectors_in(selector)
        return tuple(LabelledValue(labels, 1.0) for labels in among if _meets(wanted, labels))


def _meets(wanted: Selector, labels: Labels) -> bool:
    def holds(matcher: LabelMatcher) -> bool:
        return _HOLDS[matcher.op](labels.get(matcher.label, ""), matcher.value)

    return wanted.name in (None, labels["__name__"]) and all(holds(matcher) for matcher in wanted.matchers)


def _grouped(op: str, found: Values, by: Sequence[str]) -> Values:
    """A series for each group: how many it has of `count`, and some number of any other aggregation."""
    groups: dict[tuple[tuple[str, str], ...], float] = {}
    for sample in found:
        group = tuple((label, sample.labels[label]) for label in by if label in sample.labels)
        groups[group] = groups.get(group, 0.0) + 1 if op == "count" else 1.0
    return tuple(LabelledValue(dict(group), value) for group, value in groups.items())
