"""Label and field selectors."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lab.apiserver.errors import Document, bad_request
from lab.apiserver.fields import supported_fields
from lab.apiserver.kinds import Kind
from lab.apiserver.store import Stored

Test = Callable[[Mapping[str, str]], bool]

_SET_BASED = re.compile(r"^(?P<key>[^\s!=,()]+)\s+(?P<operator>in|notin)\s*\((?P<values>[^()]*)\)$")
_COMPARED = re.compile(r"^(?P<key>[^\s!=,()<>]+)\s*(?P<operator>==|=|!=)\s*(?P<value>[^\s!=,()]*)$")
_NUMERIC = re.compile(r"^(?P<key>[^\s!=,()<>]+)\s*(?P<operator>[<>])\s*(?P<value>-?\d+)$")
_EXISTS = re.compile(r"^(?P<absent>!?)\s*(?P<key>[^\s!=,()<>]+)$")
_COMMA_OUTSIDE_PARENTHESES = re.compile(r",(?![^(]*\))")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects a list or watch is about."""

    namespace: str | None = None
    labels: tuple[Test, ...] = ()
    fields: tuple[tuple[str, bool, str], ...] = ()
    """(field, equal?, value)."""

    def matches(self, stored: Stored) -> bool:
        if self.namespace is not None and stored.namespace != self.namespace:
            return False
        if self.labels and not all(test(stored.labels) for test in self.labels):
            return False
        return all((stored.fields[name] == value) is equal for name, equal, value in self.fields)

    @property
    def selects(self) -> bool:
        """Whether there is anything beyond the namespace to match."""
        return bool(self.labels or self.fields)


def parse_selection(kind: Kind, namespace: str | None, labels: str, fields: str) -> Selection:
    """The selection that a request's parameters describe; Refused (400) when they cannot be understood."""
    return Selection(namespace, parse_labels(labels), parse_fields(kind, fields))


def parse_labels(text: str) -> tuple[Test, ...]:
    return tuple(_requirement(part.strip()) for part in _COMMA_OUTSIDE_PARENTHESES.split(text)) if text.strip() else ()


def parse_fields(kind: Kind, text: str) -> tuple[tuple[str, bool, str], ...]:
    terms: list[tuple[str, bool, str]] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = _COMPARED.match(part)
        if not found:
            raise bad_request(f"invalid field selector {part!r}: want field=value or field!=value")
        name = found["key"]
        if kind.key == ("", "events") and name.startswith("regarding."):
            name = name.replace("regarding.", "involvedObject.", 1)
        if name not in supported_fields(kind):
            raise bad_request(f"field label not supported: {name}")
        terms.append((name, found["operator"] != "!=", found["value"]))
    return tuple(terms)


def label_selector(selector: Document | None) -> Test | None:
    """The test of a metav1.LabelSelector; None when there is no selector (which matches nothing)."""
    if selector is None:
        return None
    tests: list[Test] = [_equal(key, value) for key, value in (selector.get("matchLabels") or {}).items()]
    for expression in selector.get("matchExpressions") or []:
        key, values = expression["key"], frozenset(expression.get("values") or ())
        tests.append(_expression(expression["operator"], key, values))
    return lambda labels: all(test(labels) for test in tests)


def _requirement(text: str) -> Test:
    if found := _SET_BASED.match(text):
        values = frozenset(value.strip() for value in found["values"].split(","))
        return _expression("In" if found["operator"] == "in" else "NotIn", found["key"], values)
    if found := _COMPARED.match(text):
        if found["operator"] == "!=":
            return _expression("NotIn", found["key"], frozenset({found["value"]}))
        return _equal(found["key"], found["value"])
    if found := _NUMERIC.match(text):
        return _numeric(found["key"], found["operator"], int(found["value"]))
    if found := _EXISTS.match(text):
        return _expression("DoesNotExist" if found["absent"] else "Exists", found["key"], frozenset())
    raise bad_request(f"unable to parse requirement: {text!r} is not a label selector")


def _equal(key: str, value: str) -> Test:
    return lambda labels: labels.get(key) == value


def _numeric(key: str, operator: str, bound: int) -> Test:
    def test(labels: Mapping[str, str]) -> bool:
        value = labels.get(key, "")
        if not value.lstrip("-").isdecimal():
            return False
        return int(value) > bound if operator == ">" else int(value) < bound

    return test


def _expression(operator: str, key: str, values: frozenset[str]) -> Test:
    match operator:
        case "In":
            return lambda labels: labels.get(key) in values
        case "NotIn":
            return lambda labels: labels.get(key) not in values
        case "Exists":
            return lambda labels: key in labels
        case "DoesNotExist":
            return lambda labels: key not in labels
    raise bad_request(f"{operator!r} is not a label selector operator")
