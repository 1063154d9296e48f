"""A part of an experiment against its model: everything that does not fit, each with its place and a remedy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from slos.files.findings import Findings
from slos.files.misfits import WANTED, misfit
from slos.files.nearest import nearest
from slos.files.shape import Shape
from slos.files.yaml_document import Path

M = TypeVar("M", bound=BaseModel)

_KINDS = {
    "int_parsing": "int_type",
    "int_from_float": "int_type",
    "float_parsing": "float_type",
    "bool_parsing": "bool_type",
}
"""What pydantic says of values that it tries to convert; they are of the wrong type all the same."""
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def fit(
    model: type[M], value: object, path: Path, findings: Findings, hints: Mapping[str, str] | None = None
) -> M | None:
    """`value`, which is at `path` in the document, as the model; None after reporting all that does not fit.

    What does not fit is spoilt in the findings afterwards. `hints` says what to write instead of certain keys.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False)
    shape = Shape(model, by_alias=True)
    missing = [detail["loc"] for detail in details if detail["type"] == "missing"]
    for detail in details:
        if detail["type"] == "extra_forbidden":
            parent = detail["loc"][:-1]
            lacking = [str(loc[-1]) for loc in missing if loc[:-1] == parent]
            absent = [key for key in shape.keys(parent) if key not in _at(value, parent)]
            _unknown_key(shape, detail, path, findings, hints or {}, _Meant(lacking, absent))
    _report(shape, details, path, findings)
    return None


@dataclass(frozen=True, slots=True)
class _Meant:
    """What an unknown key may have meant: keys that must be there and are not, and all that are not there."""

    lacking: Sequence[str]
    absent: Sequence[str]

    def by(self, key: str) -> str | None:
        return nearest(key, self.lacking, 0.5) or nearest(key, self.absent)


def _at(value: object, path: Path) -> Mapping[str, Any]:
    here: Any = value
    for step in path:
        here = here[step]
    return here if isinstance(here, Mapping) else {}


def _report(shape: Shape, details: Sequence[ErrorDetails], path: Path, findings: Findings) -> None:
    for detail in details:
        here = (*path, *detail["loc"])
        if detail["type"] == "missing":
            key = str(detail["loc"][-1])
            remedy = f"add {shape.written(detail['loc'])}"
            findings.missing((*path, *detail["loc"][:-1]), (key,), f"{key} is missing", remedy)
        elif detail["type"] != "extra_forbidden":
            findings.error(here, *_misfit(shape, detail))
            findings.spoilt.add(here)


def _unknown_key(
    shape: Shape,
    detail: ErrorDetails,
    path: Path,
    findings: Findings,
    hints: Mapping[str, str],
    candidates: _Meant,
) -> None:
    parent, key = detail["loc"][:-1], str(detail["loc"][-1])
    known = shape.keys(parent)
    meant = candidates.by(key)
    remedy = hints.get(key) or (f"write {meant}" if meant else f"remove it; the keys known here are {', '.join(known)}")
    here = (*path, *detail["loc"])
    findings.unknown_key(here, f"unknown key {key!r}", remedy)
    findings.spoilt.add(here)
    if meant is not None:
        findings.read_as((*path, *parent, meant), here)


def _misfit(shape: Shape, detail: ErrorDetails) -> tuple[str, str]:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _KINDS or kind in WANTED:
        return _of_wrong_type(shape, {**detail, "type": _KINDS.get(kind, kind)})
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        bound = f"{words} {context[key]}"
        return f"{detail['input']} is not {bound}", f"write a number that is {bound}"
    if kind == "string_too_short":
        return "an empty text", _written(shape, detail["loc"])
    if kind in ("value_error", "assertion_error"):
        # Texts of validators end with what to do, after the last semicolon or colon.
        said = str(context.get("error", detail["msg"]))
        message, _, remedy = said.rpartition("; ") if "; " in said else said.rpartition(": ")
        message, remedy = (message, remedy) if message else (remedy, "")
        return message, remedy or _written(shape, detail["loc"])
    return misfit(shape, detail)


def _of_wrong_type(shape: Shape, detail: ErrorDetails) -> tuple[str, str]:
    message, remedy = misfit(shape, detail)
    field = shape.field(detail["loc"])
    if field is not None and not field.examples and remedy.startswith(f"write {detail['loc'][-1]}"):
        remedy = f"write {WANTED[detail['type']]}{f' ({field.description})' if field.description else ''}"
    return message, remedy


def _written(shape: Shape, loc: tuple[int | str, ...]) -> str:
    return f"write {shape.written(loc)}" if loc else "see what belongs together in docs/experiment-files.md"


def mapping_at(value: object, key: str) -> dict[str, Any]:
    """The mapping below a key of what may be one; an empty one where there is none."""
    below = value.get(key) if isinstance(value, Mapping) else None
    return dict(below) if isinstance(below, Mapping) else {}


def list_at(value: object, key: str) -> list[Any]:
    """The list below a key of what may be a mapping; an empty one where there is none."""
    below = value.get(key) if isinstance(value, Mapping) else None
    return list(below) if isinstance(below, list) else []
