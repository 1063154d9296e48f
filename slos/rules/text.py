"""Rule groups as text: a Prometheus rule file, or PrometheusRule objects for the Prometheus operator.

Written by hand: at thousands of rules, emitting YAML is what takes the time. Every text is a quoted scalar, so that
nothing in it can mean anything to YAML.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from slos.duration import format_duration
from slos.rules.rule import RecordingRule, Rule, RuleGroup

HEADER = "# Written by `chaos slo rules`: change the SLO files instead.\n"
MAXIMUM_OBJECT_CHARACTERS = 200_000
"""`kubectl apply` keeps an object's whole text in an annotation, which may have 256 KiB."""

_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_SPECIAL = re.compile(r'["\\]|' + _UNPRINTABLE.pattern)
_PLAIN = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null|nan|inf)$)[a-z_][a-z0-9_]*", re.IGNORECASE)
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def rule_file(groups: Iterable[RuleGroup]) -> str:
    """A Prometheus rule file."""
    return HEADER + _group_list("".join(_group(group, "") for group in groups), "")


def prometheus_rule(groups: Iterable[RuleGroup], name: str, namespace: str | None, labels: Mapping[str, str]) -> str:
    """PrometheusRule objects (monitoring.coreos.com/v1), as many as keep each small enough for `kubectl apply`.

    The first is called `name`, further ones `name-2`, `name-3`, in one text of several documents.
    """
    documents = [
        _object(groups_text, name if position == 1 else f"{name}-{position}", namespace, labels)
        for position, groups_text in enumerate(_parts(_group(group, "  ") for group in groups), start=1)
    ]
    return HEADER + "---\n".join(documents)


@lru_cache(4096)  # names and windows stand in every rule of an SLO
def scalar(text: str) -> str:
    """A YAML scalar: single quotes where that shows the text as it is, double quotes with escapes elsewhere."""
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return '"' + _SPECIAL.sub(_escaped, text) + '"'


def _parts(groups: Iterable[str]) -> Iterator[str]:
    part = ""
    for group in groups:
        if part and len(part) + len(group) > MAXIMUM_OBJECT_CHARACTERS:
            yield part
            part = ""
        part += group
    yield part


def _object(groups: str, name: str, namespace: str | None, labels: Mapping[str, str]) -> str:
    metadata = f"metadata:\n  name: {scalar(name)}\n"
    if namespace:
        metadata += f"  namespace: {scalar(namespace)}\n"
    if labels:
        metadata += _mapping("labels", labels, "  ")
    return f"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n{metadata}spec:\n{_group_list(groups, '  ')}"


def _group_list(groups: str, indent: str) -> str:
    return f"{indent}groups:\n{groups}" if groups else f"{indent}groups: []\n"


def _group(group: RuleGroup, indent: str) -> str:
    rules = "".join([_rule(rule, f"{indent}    ") for rule in group.rules])
    return (
        f"{indent}- name: {scalar(group.name)}\n"
        f"{indent}  interval: {format_duration(group.interval_seconds)}\n"
        f"{indent}  rules:\n{rules}"
    )


def _rule(rule: Rule, indent: str) -> str:
    if isinstance(rule, RecordingRule):
        head = f"{indent}- record: {rule.record}\n{indent}  expr: {scalar(rule.expr)}\n"
        return head + _mapping("labels", rule.labels, f"{indent}  ")
    head = f"{indent}- alert: {scalar(rule.alert)}\n{indent}  expr: {scalar(rule.expr)}\n"
    if rule.for_seconds:
        head += f"{indent}  for: {format_duration(rule.for_seconds)}\n"
    labels = _mapping("labels", rule.labels, f"{indent}  ")
    return head + labels + _mapping("annotations", rule.annotations, f"{indent}  ")


def _mapping(name: str, values: Mapping[str, str], indent: str) -> str:
    if not values:
        return ""
    lines = [f"{indent}  {_key(key)}: {_text(value, indent)}\n" for key, value in values.items()]
    return f"{indent}{name}:\n{''.join(lines)}"


def _text(text: str, indent: str) -> str:
    """A scalar, as a literal block where it has several lines that YAML keeps as they are."""
    if "\n" not in text:
        return scalar(text)
    lines = text.split("\n")
    if not text[0].isspace() and lines[-1] and "".join(lines).isprintable():
        return "|-" + "".join(f"\n{indent}    {line}" if line else "\n" for line in lines)
    return scalar(text)


@lru_cache(4096)
def _key(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else scalar(text)


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:  # a lone surrogate: no UTF-8 can hold it
        return "\ufffd"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
