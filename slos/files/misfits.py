"""What does not fit a field of a model, in our words, and what to write instead."""

import math
import re

from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError

from slos.duration import DurationError, parse_duration
from slos.files.nearest import nearest
from slos.files.shape import Shape
from slos.files.yaml_document import Path

WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "keys and values",
    "model_type": "keys and values",
}
"""Types by what pydantic calls a value that is of another one."""
_SPOKEN = {**dict.fromkeys(("true", "yes", "on", "y"), "true"), **dict.fromkeys(("false", "no", "off", "n"), "false")}
_DECIMAL_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")
_AMOUNT = re.compile(r"([-+]?[0-9]+(?:\.[0-9]+)?)\s*[A-Za-zµ]+")

_QUERIES = frozenset(("query", "histogram", "error_query", "total_query", "error_ratio_query"))
_QUERIES |= {to_camel(key) for key in _QUERIES}


def refusal(message: str, remedy: str) -> PydanticCustomError:
    """What a validator of a field raises."""
    return PydanticCustomError("refused", "{message}; {remedy}", {"message": message, "remedy": remedy})


def misfit(shape: Shape, detail: ErrorDetails) -> tuple[str, str]:
    """Message and remedy for a value that is of the wrong type, or not one of those that may be."""
    path, kind, value = detail["loc"], detail["type"], detail["input"]
    context = detail.get("ctx", {})
    if kind == "refused":
        return context["message"], context["remedy"]
    if kind in WANTED:
        remedy = _retyped(kind, value, path) or f"write {shape.written(path)}"
        return f"{_described(value)} where {WANTED[kind]} is wanted", remedy
    if kind == "literal_error":
        choices = [choice.strip("'") for choice in context["expected"].replace(" or ", ", ").split(", ")]
        meant = nearest(str(value), choices, 0.5)
        return f"{_described(value)} is none of {', '.join(choices)}", f"write {meant or ' or '.join(choices)}"
    message = {"too_short": "no entries", "finite_number": f"{_described(value)} is not finite"}.get(
        kind, detail["msg"]
    )
    return message, f"write {shape.written(path)}"


def _described(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"{value}".lower()
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {value!r}" if len(value) <= 60 else f"the text {value[:57]!r}..."
    return "a list" if isinstance(value, list) else "keys and values"


def _retyped(kind: str, value: object, path: Path) -> str | None:
    """How to write the same value as the type that is wanted; None when it does not say one."""
    if kind == "string_type" and isinstance(value, bool | int | float):
        return f'put it in quotes: "{_described(value).removeprefix("the number ")}"'
    if kind == "string_type" and isinstance(value, dict | list) and path[-1] in _QUERIES:
        return "put the query in quotes: unquoted brackets are YAML's"
    if kind == "string_type" and isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return f'write one text: "{", ".join(value)}"'
    if kind == "float_type" and isinstance(value, str):
        return _number_for(str(path[-1]), value.strip())
    if kind == "bool_type" and isinstance(value, str):
        return f"write {_SPOKEN.get(value.lower(), 'true or false')}, without quotes"
    return None


def _number_for(key: str, text: str) -> str | None:
    """How to write the number that a text means; None when it means none."""
    number = _number(text)
    if number is not None:
        return f"remove the quotes: {number}"
    if _DECIMAL_COMMA.fullmatch(text):
        return f"write {text.replace(',', '.')}, with a decimal point instead of the comma"
    if text.endswith("%") and (percent := _number(text[:-1])) is not None:
        ratio = f"{float(percent) / 100:.10g}"
        return f"write {ratio}, or targetPercent: {percent}" if key == "target" else f"write {percent}"
    return _without_unit(text) if key == "value" else None


def _without_unit(text: str) -> str | None:
    amount = _AMOUNT.fullmatch(text)
    if amount is None:
        return None
    try:
        seconds = parse_duration(text)
    except DurationError:
        return f"write {amount[1]}: the number alone, in the unit of the metric"
    number = f"{seconds:.10g}"
    return f"write {number}" if text == f"{number}s" else f"write {number}, if the metric is in seconds"


def _number(text: str) -> str | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return f"{number:.10g}" if math.isfinite(number) else None
