"""Checks a document against a pydantic model, and reads on after what does not fit."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from slos.files.findings import Findings
from slos.files.misfits import misfit
from slos.files.misplaced import beside, home, put
from slos.files.nearest import nearest
from slos.files.shape import Shape
from slos.files.yaml_document import Path

M = TypeVar("M", bound="Strict")

_ROUNDS = 4
"""Mending can bring up what a misspelt key hid; nothing is so wrong that it takes longer."""
_ORDER = {"extra_forbidden": 0, "missing": 2}
"""An unknown key may be what another place lacks."""


class Strict(BaseModel):
    """A part of a document in which nothing unknown and nothing of another type is let through."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel, frozen=True, defer_build=True)


def fitted(
    model: type[M], value: object, findings: Findings, hints: Mapping[str, str], *, by_alias: bool = True
) -> M | None:
    """The document as the model; what does not fit is reported.

    To find what else is wrong, a misspelt key is read as the one that was meant, and one that is a level too high as
    if it were where it belongs; what else does not fit is left out or replaced by the model's example, and the rest
    read on: None only when that does not help. `hints` says what to write instead of keys that people know from
    elsewhere.
    """
    mending = _Mending(Shape(model, by_alias), findings, hints)
    mended = value
    for _ in range(_ROUNDS):
        try:
            return model.model_validate(mended, by_alias=by_alias, by_name=not by_alias)
        except ValidationError as error:
            details = error.errors(include_url=False)
        mended = copy.deepcopy(mended)
        for detail in sorted(details, key=lambda detail: _ORDER.get(detail["type"], 1)):
            mending.report_and_mend(detail, mended)
    return None


@dataclass(frozen=True, slots=True)
class _Mending:
    shape: Shape
    findings: Findings
    hints: Mapping[str, str]

    def report_and_mend(self, detail: ErrorDetails, document: Any) -> None:
        path = detail["loc"]
        holder = document
        for part in path[:-1]:
            holder = holder[part]
        if path and detail["input"] is None and _filled(holder, path[-1]):
            return
        if not path:
            self.findings.error(path, *misfit(self.shape, detail))
        elif detail["type"] == "extra_forbidden":
            self._unknown(detail, holder)
        elif detail["type"] == "missing":
            self._missing(detail, holder)
        else:
            self.findings.error(path, *misfit(self.shape, detail))
            self._put_example(detail, holder)

    def _unknown(self, detail: ErrorDetails, holder: dict[str, Any]) -> None:
        path, key = detail["loc"], str(detail["loc"][-1])
        known = self.shape.keys(path[:-1])
        if key not in self.hints and (steps := home(self.shape, path[:-1], key, holder)):
            self._move(path, holder, steps)
            return
        if key in self.hints:
            remedy = self.hints[key]
            meant = next((name for name in known if name in remedy.replace(",", "").split()), None)
        else:
            other = beside(self.shape, path[:-1], key)
            meant = nearest(key, known) if other is None else None
            remedy = f"write {meant}" if meant else f"remove it; the keys known here are {', '.join(known)}"
            remedy = f"move it to {other}" if other is not None else remedy
        self.findings.unknown_key(path, f"unknown key {key!r}", remedy)
        self.findings.spoilt.add(path)
        value = holder.pop(key)
        if meant is not None and meant not in holder:
            holder[meant] = value
            self.findings.read_as((*path[:-1], meant), path)

    def _move(self, path: Path, holder: dict[str, Any], steps: Path) -> None:
        key = str(path[-1])
        there = self.findings.is_in_file((*path[:-1], *steps))
        names = [step for step in steps if isinstance(step, str)]
        if isinstance(steps[-1], int):
            remedy = f"write it in an item of {'.'.join(names)}"
        else:
            remedy = f"{'indent' if there else 'write'} it under {'.'.join(names)}"
        self.findings.unknown_key(path, f"unknown key {key!r}", remedy)
        self.findings.spoilt.add(path)
        for length in range(1, len(steps) + 1):
            self.findings.filled((*path[:-1], *steps[:length]))
        put(holder, steps, key, holder.pop(key))
        self.findings.read_as((*path[:-1], *steps, key), path)

    def _missing(self, detail: ErrorDetails, holder: dict[str, Any]) -> None:
        path, key = detail["loc"], str(detail["loc"][-1])
        if key in holder:
            return
        self.findings.missing(path[:-1], (key,), f"{key} is missing", f"add {self.shape.written(path)}")
        self._put_example(detail, holder)

    def _put_example(self, detail: ErrorDetails, holder: Any) -> None:
        """What the file says at this place is settled: it is read on with the example, or without the key."""
        path = detail["loc"]
        self.findings.spoilt.add(path)
        field = self.shape.field(path)
        example = copy.deepcopy(field.examples[0]) if field is not None and field.examples else None
        if isinstance(holder, list):
            if isinstance(example, list):
                holder[int(path[-1])] = example[0]
        elif example is not None and field is not None and field.is_required():
            holder[path[-1]] = example
        else:
            holder.pop(path[-1], None)


def _filled(holder: Any, key: str | int) -> bool:
    """Whether a key that had no value has one by now."""
    return isinstance(holder, dict) and holder.get(str(key)) is not None
