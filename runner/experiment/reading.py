"""Reads an experiment file, with the place of every value, and finds where Chaos Toolkit would read another value."""

import math
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import yaml

from runner.regular_file import UnreadFileError, read_text
from slos.files.yaml_document import Document, Path, Wanted, documents, path_text
from slos.problems import Place, Problem

_WANTED = Wanted("an", "experiment", "title: One llm replica is killed", "write keys and values, title: the first")
_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Source:
    """What could be read of a file, and what is wrong with it as YAML; what is `ambiguous` was reported."""

    document: Document | None
    problems: tuple[Problem, ...]
    ambiguous: frozenset[Path] = frozenset()


class Unplaced(Document):
    """A document that came from elsewhere than a text: its values have paths, and no lines."""

    def place_of(self, path: Path) -> Place:
        return Place(self.place.file, path=path_text(path))

    def place_of_key(self, path: Path) -> Place:
        return self.place_of(path)

    def covers(self, place: Place) -> bool:
        return place.file == self.place.file


def unplaced(name: str, value: dict[str, Any]) -> Document:
    """A loaded experiment as a document; `name` says what it is."""
    return Unplaced(Place(name), value, frozenset(), frozenset(), (), True, {}, 1, "", 0)


def read_experiment(path: str) -> Source:
    """The one document of a file. What cannot be read at all is among the problems."""
    if path.startswith(("http://", "https://")):
        return _unread(path, "an address, and only files are planned", "download it, look at it, and name the file")
    if not path.endswith(_SUFFIXES):
        return _unread(path, "a name that Chaos Toolkit does not read", f"end it with {', '.join(_SUFFIXES)}")
    try:
        text = read_text(FilePath(path), "an experiment needs less")
    except UnreadFileError as error:
        return Source(None, (error.problem,))
    found, problems = documents(path, text, _WANTED)
    if len(found) > 1:
        second = found[1].place
        problems.append(Problem(second, "a second document", "write one experiment per file"))
    if len(found) != 1:
        return Source(None, tuple(problems))
    if problems:
        return Source(found[0], tuple(problems))
    otherwise = _read_otherwise(found[0], text)
    return Source(found[0], tuple(otherwise.values()), frozenset(otherwise))


def _unread(path: str, message: str, remedy: str) -> Source:
    return Source(None, (Problem(Place(path), message, remedy),))


def _read_otherwise(document: Document, text: str) -> dict[Path, Problem]:
    """Values that Chaos Toolkit, which reads YAML 1.1, takes for others: `no` is false, and 1:30 is 90."""
    try:
        other = yaml.load(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError) as error:
        said = " ".join(str(error).split())
        return {(): Problem(document.place, f"Chaos Toolkit cannot read it: {said}", "put texts in quotes")}
    problems: dict[Path, Problem] = {}
    _compare(document, document.value, other, (), problems)
    return problems


def _compare(document: Document, ours: object, theirs: object, path: Path, problems: dict[Path, Problem]) -> None:
    if isinstance(ours, dict) and isinstance(theirs, dict) and len(ours) == len(theirs):
        for (key, value), (other, read) in zip(ours.items(), theirs.items(), strict=True):
            if key != str(other):
                place = document.place_of_key((*path, key))
                message = f"the key {key}, which Chaos Toolkit reads as {other!r} (YAML 1.1)"
                problems[(*path, key)] = Problem(place, message, f'put it in quotes: "{key}"')
            else:
                _compare(document, value, read, (*path, key), problems)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (value, read) in enumerate(zip(ours, theirs, strict=True)):
            _compare(document, value, read, (*path, index), problems)
    elif not _same(ours, theirs):
        message = f"{ours}, which Chaos Toolkit reads as {theirs!r} (YAML 1.1)"
        remedy = f'put it in quotes: "{ours}"' if isinstance(ours, str) else f"write {ours!r}"
        if isinstance(theirs, bool):
            remedy = f"write {theirs}, or {remedy}".replace("True", "true").replace("False", "false")
        problems[path] = Problem(document.place_of(path), message, remedy)


def _same(ours: object, theirs: object) -> bool:
    if isinstance(ours, float) and isinstance(theirs, float) and math.isnan(ours):
        return math.isnan(theirs)
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    # 1.0 and 1 are one number wherever an experiment has numbers.
    return ours == theirs
