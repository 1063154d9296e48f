"""YAML documents with the position of every value, and what is wrong with them as YAML.

Reads YAML 1.2's core schema, so `no` is a text and `2026-01-01` too, whatever library wrote the file. Parsing is
libyaml's; a document's values are built from its events. Anchors, aliases, merge keys and tags are refused: they hide
what a file says from whoever reviews it, and no other tool that reads SLO files needs them.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from slos.files.yaml_errors import broken_yaml, forbidden_character
from slos.files.yaml_scalars import plain
from slos.problems import Place, Problem

Path = tuple[str | int, ...]
"""Where a value is in a document: keys and indices from the root."""

_MARKER = re.compile(r"^---(?=\s|\Z)", re.MULTILINE)
_BREAK = "\n\r\x85\u2028\u2029"
"""What ends a line for libyaml, which reads YAML 1.1."""
_CONTENT = re.compile(
    rf"(?<![^{_BREAK}])(?!---[ \t]*(?:[{_BREAK}]|\Z)|---[ \t]+#|\.\.\.|%|[ \t]*(?:#|[{_BREAK}]|\Z))[^{_BREAK}]"
)
"""The beginning of a line that says something."""
_DEEPEST = 64
_OPENING = (MappingStartEvent, SequenceStartEvent)
_CLOSING = (MappingEndEvent, SequenceEndEvent)


@dataclass(frozen=True)
class Document:
    """One mapping of a file.

    The values at `damaged` could not be read as written, the mappings at `partial` not entirely; `empty` are the paths
    without a value. `sound` says that nothing is wrong with it as YAML.
    Positions are found when the first one is asked for: nobody asks for those of a document without problems. Those of
    the `items` of lists are there at once: what a list declares has its place even when it is good.
    """

    place: Place
    value: dict[str, object]
    damaged: frozenset[Path]
    partial: frozenset[Path]
    empty: tuple[Path, ...]
    sound: bool
    items: Mapping[Path, tuple[int, int]]
    _first_line: int
    _text: str
    _index: int

    @cached_property
    def _positions(self) -> "_Positions":
        builder = _Builder(self.place.file, self._first_line, self._text, locate=self._index)
        builder.build()
        return builder.positions

    @cached_property
    def _last_line(self) -> int:
        return self._first_line + self._text.count("\n")

    def covers(self, place: Place) -> bool:
        """Whether a place is in this document."""
        return place.file == self.place.file and self._first_line <= place.line <= self._last_line

    def place_of(self, path: Path) -> Place:
        """Where the value at `path` begins, or the nearest thing around it that is there."""
        return self._place(self.items if path in self.items else self._positions.values, path)

    def place_of_key(self, path: Path) -> Place:
        """Where the last key of `path` stands."""
        return self._place(self._positions.keys if path in self._positions.keys else self._positions.values, path)

    def _place(self, positions: Mapping[Path, tuple[int, int]], path: Path) -> Place:
        there = path
        while there not in positions:
            there = there[:-1]
        return Place(self.place.file, *positions[there], path_text(path))


@dataclass(frozen=True, slots=True)
class _Positions:
    """Line and column, both from 1, of every value and of every key of a document."""

    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)


def path_text(path: Path) -> str:
    """`spec.objectives[0].target`"""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif "." in part or not part.isprintable():
            text += f"[{json.dumps(part)}]"
        else:
            text += f".{part}" if text else part
    return text


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file should hold, for whoever wrote something else: `an` `SLO`, of which a line is `kind: SLO`."""

    article: str = "an"
    noun: str = "SLO"
    line: str = "kind: SLO"
    instead_of_list: str = "write each item as a document of its own, with --- between them"


def documents(file: str, text: str, wanted: Wanted = Wanted()) -> tuple[list[Document], list[Problem]]:
    """The documents of a file that can be read, and everything that is wrong with it as YAML."""
    found: list[Document] = []
    problems: list[Problem] = []
    seen_any = False
    for first_line, chunk in _chunks(text):
        read, wrong = _read_chunk(file, first_line, chunk, wanted) if _CONTENT.search(chunk) else ([], [])
        if read or wrong:
            seen_any = True
        elif chunk.startswith("---"):
            wrong = [Problem(Place(file, first_line), "an empty document", "remove its ---", "warning")]
        found += read
        problems += wrong
    if not seen_any:
        problems.append(
            Problem(
                Place(file), "the file declares nothing", f"write {wanted.article} {wanted.noun}, or leave the file out"
            )
        )
    return found, problems


def _read_chunk(file: str, first_line: int, chunk: str, wanted: Wanted) -> tuple[list[Document], list[Problem]]:
    bad_character = forbidden_character(file, first_line, chunk)
    if bad_character:
        return [], [bad_character]
    builder = _Builder(file, first_line, chunk, wanted=wanted)
    return builder.build(), builder.problems


def _chunks(text: str) -> Iterator[tuple[int, str]]:
    """Line number and text of each document: a broken one must not take the others of its file with it."""
    starts = [0, *(match.start() for match in _MARKER.finditer(text))]
    line = 1
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        yield line, text[start:end]
        line += text.count("\n", start, end)


class _TooDeepError(Exception):
    """A document nested deeper than anything that means something."""


class _Builder:
    """Values from the events of one chunk of a file; where they stand as well for the document of index `locate`."""

    def __init__(
        self, file: str, first_line: int, text: str, locate: int | None = None, wanted: Wanted = Wanted()
    ) -> None:
        self.problems: list[Problem] = []
        self.positions = _Positions()
        self._file = file
        self._first_line = first_line
        self._text = text
        self._locate = locate
        self._wanted = wanted
        self._locating = False
        self._damaged: set[Path] = set()
        self._partial: set[Path] = set()
        self._empty: list[Path] = []
        self._items: dict[Path, tuple[int, int]] = {}
        self._next: Callable[[], Any] = CParser(text).get_event  # each kind of event has attributes of its own

    def build(self) -> list[Document]:
        found: list[Document] = []
        index = 0
        try:
            while (event := self._next()) is not None:
                if type(event) is DocumentStartEvent:
                    self._locating = index == self._locate
                    found += self._document(index)
                    index += 1
        except yaml.YAMLError as error:
            self.problems.append(broken_yaml(self._file, self._first_line, self._text, error))
        except _TooDeepError:
            place = Place(self._file, self._first_line)
            self.problems.append(
                Problem(place, f"nested more than {_DEEPEST} deep", f"no {self._wanted.noun} needs that")
            )
        return found

    def _document(self, index: int) -> list[Document]:
        self._damaged = set()
        self._partial = set()
        self._empty = []
        self._items = {}
        said = len(self.problems)
        event = self._next()
        value = self._value(event, ())
        if isinstance(value, dict):
            place = Place(self._file, *self._position(event))
            return [
                Document(
                    place,
                    value,
                    frozenset(self._damaged),
                    frozenset(self._partial),
                    tuple(self._empty),
                    len(self.problems) == said,
                    self._items,
                    self._first_line,
                    self._text,
                    index,
                )
            ]
        if () not in self._damaged:
            remedy = f"write keys and values, such as `{self._wanted.line}`"
            if isinstance(value, list):
                remedy = self._wanted.instead_of_list
            self._report(event, (), "the document is no mapping", remedy)
        return []

    def _value(self, event: Any, path: Path) -> object:
        if self._locating:
            self.positions.values[path] = self._position(event)
        kind = type(event)
        if kind is AliasEvent:
            self._damage(event, path, f"an alias, *{event.anchor}", "write the value out")
            return None
        if event.anchor is not None:
            self._report(event, path, f"an anchor, &{event.anchor}", "remove it, and write values out where they are")
        if kind is ScalarEvent:
            return self._scalar(event, path)
        if len(path) >= _DEEPEST:
            raise _TooDeepError
        if event.tag is not None:
            self._report(event, path, f"a tag, {event.tag!r}", "remove it")
        return self._sequence(path) if kind is SequenceStartEvent else self._mapping(path)

    def _scalar(self, event: ScalarEvent, path: Path) -> object:
        if event.tag is not None:
            self._damage(event, path, f"a tag, {event.tag!r}", "remove it")
            return None
        if not event.implicit[0]:
            text: str = event.value
            return text
        value = plain(event.value)
        if value is None:
            self._empty.append(path)
        return value

    def _sequence(self, path: Path) -> list[object]:
        items: list[object] = []
        while type(event := self._next()) is not SequenceEndEvent:
            below = (*path, len(items))
            self._items[below] = self._position(event)
            items.append(self._value(event, below))
        return items

    def _mapping(self, path: Path) -> dict[str, object]:
        mapping: dict[str, object] = {}
        while type(event := self._next()) is not MappingEndEvent:
            key = self._key(event, path, mapping)
            if key is None:
                self._skip(self._next())
                continue
            below = (*path, key)
            if self._locating:
                self.positions.keys[below] = self._position(event)
            mapping[key] = self._value(self._next(), below)
        return mapping

    def _key(self, event: Any, path: Path, mapping: Mapping[str, object]) -> str | None:
        """The text of a key; None after reporting why it cannot be one."""
        if type(event) is not ScalarEvent:
            self._report(event, path, "a key that is no text", "write keys as plain text")
            self._skip(event)
        elif event.value == "<<" and event.implicit[0]:
            self._report(event, path, "a merge key, <<", "write the keys out")
        elif event.value in mapping:
            self._report(event, (*path, event.value), f"the key {event.value!r} a second time", "keep one of them")
            return None
        else:
            key: str = event.value
            return key
        self._partial.add(path)
        return None

    def _skip(self, event: Any) -> None:
        """Passes over a value whose first event is given."""
        depth = 0
        while True:
            kind = type(event)
            depth += (kind in _OPENING) - (kind in _CLOSING)
            if depth == 0:
                return
            event = self._next()

    def _damage(self, event: Any, path: Path, message: str, remedy: str) -> None:
        self._damaged.add(path)
        self._report(event, path, message, remedy)

    def _report(self, event: Any, path: Path, message: str, remedy: str) -> None:
        place = Place(self._file, *self._position(event), path_text(path))
        self.problems.append(Problem(place, message, remedy))

    def _position(self, event: Any) -> tuple[int, int]:
        mark = event.start_mark
        return self._first_line + mark.line, mark.column + 1
