"""Checks a document against a pydantic model, and says in our words what does not fit and what to write instead."""

import copy
import json
import math
import types
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from slos.findings import Findings
from slos.nearest import nearest
from slos.yaml_document import Path

M = TypeVar("M", bound="Strict")

_ROUNDS = 4
"""Mending can bring up what a misspelt key hid; nothing is so wrong that it takes longer."""
_WANTED = {
    "string_type": "a text",
    "float_type": "a number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "keys and values",
    "model_type": "keys and values",
}
_SPOKEN = {**dict.fromkeys(("true", "yes", "on", "y"), "true"), **dict.fromkeys(("false", "no", "off", "n"), "false")}
_BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


class Strict(BaseModel):
    """A part of a document in which nothing unknown and nothing of another type is let through."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel, frozen=True, defer_build=True)


def refusal(message: str, remedy: str) -> PydanticCustomError:
    """What a validator of a field raises."""
    return PydanticCustomError("refused", "{message}; {remedy}", {"message": message, "remedy": remedy})


def fitted(
    model: type[M], value: object, findings: Findings, hints: Mapping[str, str], *, by_alias: bool = True
) -> M | None:
    """The document as the model; what does not fit is reported.

    To find what else is wrong, a misspelt key is read as the one that was meant, what else does not fit is left out or
    replaced by the model's example, and the rest read on: None only when that does not help. `hints` says what to write
    instead of keys that people know from elsewhere.
    """
    mended = value
    for _ in range(_ROUNDS):
        try:
            return model.model_validate(mended, by_alias=by_alias, by_name=not by_alias)
        except ValidationError as error:
            details = error.errors(include_url=False)
        if mended is value:
            mended = copy.deepcopy(value)
        for detail in sorted(details, key=lambda detail: detail["type"] == "missing"):
            meant = _report(model, detail, findings, hints, by_alias)
            _mend(model, mended, detail, meant, findings, by_alias)
    return None


def _report(
    model: type[BaseModel], detail: ErrorDetails, findings: Findings, hints: Mapping[str, str], by_alias: bool
) -> str | None:
    """Says what is wrong; the key that was meant by an unknown one, if there is one."""
    path, kind = detail["loc"], detail["type"]
    if kind == "missing":
        key = str(path[-1])
        findings.missing(path[:-1], (key,), f"{key} is missing", f"add {_written(model, path, by_alias)}")
    elif kind == "extra_forbidden":
        return _report_unknown(model, path, findings, hints, by_alias)
    else:
        findings.error(path, *_misfit(model, detail, by_alias))
    return None


def _report_unknown(
    model: type[BaseModel], path: Path, findings: Findings, hints: Mapping[str, str], by_alias: bool
) -> str | None:
    key = str(path[-1])
    known = _known_keys(_model_at(model, path[:-1], by_alias), by_alias)
    if key in hints:
        remedy = hints[key]
        meant = next((name for name in known if name in remedy.replace(",", "").split()), None)
    else:
        meant = nearest(key, known)
        remedy = f"write {meant}" if meant else f"remove it; the keys known here are {', '.join(known)}"
    findings.unknown_key(path, f"unknown key {key!r}", remedy)
    return meant


def _misfit(model: type[BaseModel], detail: ErrorDetails, by_alias: bool) -> tuple[str, str]:
    """Message and remedy for a value that is of the wrong type or out of bounds."""
    path, kind, value = detail["loc"], detail["type"], detail["input"]
    context = detail.get("ctx", {})
    if kind == "refused":
        return context["message"], context["remedy"]
    if kind in _WANTED:
        return f"{_described(value)} where {_WANTED[kind]} is wanted", _retyped(model, kind, value, path, by_alias)
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"{value} is not {words} {context[key]:g}", f"write {_written(model, path, by_alias)}"
    if kind == "literal_error":
        choices = [choice.strip("'") for choice in context["expected"].replace(" or ", ", ").split(", ")]
        meant = nearest(str(value), choices, 0.5)
        return f"{_described(value)} is none of {', '.join(choices)}", f"write {meant or ' or '.join(choices)}"
    if kind == "too_short":
        return "no entries", f"write {_written(model, path, by_alias)}"
    return detail["msg"], f"write {_written(model, path, by_alias)}"


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


def _retyped(model: type[BaseModel], kind: str, value: object, path: Path, by_alias: bool) -> str:
    if kind == "string_type" and isinstance(value, bool | int | float):
        return f'put it in quotes: "{_described(value).removeprefix("the number ")}"'
    if isinstance(value, str) and kind in ("float_type", "int_type"):
        number = _number(value)
        if number is not None:
            return f"remove the quotes: {number}"
    if isinstance(value, str) and kind == "bool_type":
        return f"write {_SPOKEN.get(value.lower(), 'true or false')}, without quotes"
    return f"write {_written(model, path, by_alias)}"


def _number(text: str) -> str | None:
    try:
        number = float(text.strip().removesuffix("%"))
    except ValueError:
        return None
    return f"{number:g}" if math.isfinite(number) else None


def _written(model: type[BaseModel], path: Path, by_alias: bool) -> str:
    """`key: example`, and what the key means."""
    named = [part for part in path if isinstance(part, str)]
    field = _field_at(model, path, by_alias)
    key = named[-1] if named else "it"
    if field is None:
        return f"a text for {key}"
    example = f": {json.dumps(field.examples[0])}" if field.examples else ""
    meaning = f" ({field.description[0].lower()}{field.description[1:].rstrip('.')})" if field.description else ""
    return f"{key}{example}{meaning}"


def _mend(
    model: type[BaseModel], value: Any, detail: ErrorDetails, meant: str | None, findings: Findings, by_alias: bool
) -> None:
    path = detail["loc"]
    holder = value
    for part in path[:-1]:
        holder = holder[part]
    if not path or (detail["type"] == "missing" and path[-1] in holder):
        return
    findings.spoilt.add(path)
    field = _field_at(model, path, by_alias)
    if field is not None and field.is_required() and field.examples and isinstance(holder, dict):
        holder[path[-1]] = copy.deepcopy(field.examples[0])
    elif isinstance(holder, dict):
        unwanted = holder.pop(path[-1], None)
        if meant is not None and meant not in holder:
            holder[meant] = unwanted
            findings.meant[(*path[:-1], meant)] = path


def _known_keys(model: type[BaseModel] | None, by_alias: bool) -> list[str]:
    if model is None:
        return []
    return [(field.alias if by_alias else None) or name for name, field in model.model_fields.items()]


def _model_at(model: type[BaseModel], path: Path, by_alias: bool) -> type[BaseModel] | None:
    if not path:
        return model
    field = _field_at(model, path, by_alias)
    return _model_in(field.annotation) if field is not None else None


def _field_at(model: type[BaseModel], path: Path, by_alias: bool) -> FieldInfo | None:
    """The field that the last key of `path` names; None inside a mapping with free keys."""
    field: FieldInfo | None = None
    here: type[BaseModel] | None = model
    for part in path:
        if isinstance(part, int):
            continue
        if here is None:
            return None
        keys = zip(_known_keys(here, by_alias), here.model_fields.values(), strict=True)
        field = next((candidate for key, candidate in keys if key == part), None)
        here = _model_in(field.annotation) if field is not None else None
    return field


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a field's annotation speaks of: itself, or inside Annotated, a list or an optional."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    if get_origin(annotation) in (Annotated, list, Union, types.UnionType):
        for argument in get_args(annotation):
            found = _model_in(argument)
            if found is not None:
                return found
    return None
