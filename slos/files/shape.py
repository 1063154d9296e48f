"""What a pydantic model says of a place in a document: the keys known there, and what to write."""

import json
import types
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from slos.files.yaml_document import Path


@dataclass(frozen=True, slots=True)
class Shape:
    """A model, and whether its documents spell keys by its aliases."""

    model: type[BaseModel]
    by_alias: bool

    def keys(self, path: Path) -> list[str]:
        """The keys that the mapping at `path` may have; none where they are free."""
        field = self.field(path)
        return self._keys(_model_in(field.annotation) if field is not None else None if path else self.model)

    def field(self, path: Path) -> FieldInfo | None:
        """The field that the last key of `path` names; None inside a mapping with free keys."""
        field: FieldInfo | None = None
        here: type[BaseModel] | None = self.model
        for part in path:
            if isinstance(part, int):
                continue
            if here is None:
                return None
            fields = zip(self._keys(here), here.model_fields.values(), strict=True)
            field = next((candidate for key, candidate in fields if key == part), None)
            here = _model_in(field.annotation) if field is not None else None
        return field

    def is_list(self, path: Path) -> bool:
        field = self.field(path)
        return field is not None and get_origin(field.annotation) is list

    def written(self, path: Path) -> str:
        """What to write at `path`: `key: example (what it means)`."""
        key = next((part for part in reversed(path) if isinstance(part, str)), "it")
        field = self.field(path)
        if field is None:
            return f"a text for {key}"
        example = f": {json.dumps(field.examples[0])}" if field.examples else ""
        meaning = f" ({_within_a_sentence(field.description)})" if field.description else ""
        return f"{key}{example}{meaning}"

    def _keys(self, model: type[BaseModel] | None) -> list[str]:
        fields = model.model_fields.items() if model is not None else ()
        return [(field.alias if self.by_alias else None) or name for name, field in fields]


def _within_a_sentence(text: str) -> str:
    """Without the capital and the stop of a sentence; `IANA` and `PromQL` keep theirs."""
    word = text.split(maxsplit=1)[0]
    return (text if any(letter.isupper() for letter in word[1:]) else text[0].lower() + text[1:]).rstrip(".")


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a field's annotation speaks of: itself, or inside Annotated, a list or an optional."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    if get_origin(annotation) in (Annotated, list, Union, types.UnionType):
        found = (_model_in(argument) for argument in get_args(annotation))
        return next((model for model in found if model is not None), None)
    return None
