"""Collects what is wrong with one document, and keeps what follows from it to itself."""

from dataclasses import replace
from typing import Literal

from slos.files.yaml_document import Document, Path, path_text
from slos.problems import Place, Problem


class Findings:
    """The problems of one document.

    `spoilt` paths hold a value that was reported, or put in to be able to read on: nothing at or below them is said
    again. `meant` has the path of each reported misspelling, or misplaced key, by the path that it stands for: nothing
    is missing there.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.spoilt: set[Path] = set(document.damaged)
        self.meant: dict[Path, Path] = {}
        self._without_value: dict[Path, Problem] = {}

    def error(self, path: Path, message: str, remedy: str) -> None:
        self._add(path, message, remedy, "error")

    def warn(self, path: Path, message: str, remedy: str) -> None:
        self._add(path, message, remedy, "warning")

    def unknown_key(self, path: Path, message: str, remedy: str) -> None:
        """Like an error, at the key rather than its value."""
        if not self.is_spoilt(path):
            place = self.document.place_of_key(self._in_file(path))
            self.problems.append(Problem(replace(place, path=path_text(path)), message, remedy))

    def missing(self, parent: Path, keys: tuple[str, ...], message: str, remedy: str) -> None:
        """None of `keys` is there, said at the mapping where they should be."""
        if self._in_file(parent) in self.document.partial:
            return
        if not any((*parent, key) in self.meant or (*parent, key) in self.spoilt for key in keys):
            self._add(parent, message, remedy, "error")

    def refuse_empty(self, except_below: tuple[str, ...]) -> None:
        """Reports every key that stands there without a value, except below some of the document's own keys."""
        for path in self.document.empty:
            if path[0] not in except_below:
                problem = Problem(self.place_of(path), "no value", _remedy_of_empty(path))
                if not self.is_spoilt(path):
                    self.problems.append(problem)
                    self._without_value[path] = problem
                self.spoilt.add(path)

    def filled(self, path: Path) -> None:
        """What the key without a value at `path` should have stands beside it, which is said there."""
        problem = self._without_value.pop(self._in_file(path), None)
        if problem is not None:
            self.problems.remove(problem)
            self.spoilt -= {path, self._in_file(path)}

    def read_as(self, path: Path, written: Path) -> None:
        """What the file has at `written` is read as if it were at `path`; spoilt parts of it stay so."""
        self.meant[path] = written
        size = len(written)
        self.spoilt |= {(*path, *below[size:]) for below in self.spoilt if below[:size] == written and below != written}

    def is_in_file(self, path: Path) -> bool:
        """Whether something is written at `path`, be it a key without a value."""
        here: object = self.document.value
        for step in self._in_file(path):
            if not isinstance(here, dict) or step not in here:
                return False
            here = here[step]
        return True

    def place_of(self, path: Path) -> Place:
        """Where the value at `path` begins, also when one of its keys is misspelt in the file."""
        return replace(self.document.place_of(self._in_file(path)), path=path_text(path))

    def is_spoilt(self, path: Path) -> bool:
        return bool(self.spoilt) and any(path[:length] in self.spoilt for length in range(len(path) + 1))

    def hides(self, place: Place) -> bool:
        """Whether a place in this document is of a value that is not the document's own."""
        texts = [path_text(path) for path in self.spoilt] if self.document.covers(place) else []
        return any(place.path == text or place.path.startswith((f"{text}.", f"{text}[")) for text in texts)

    @property
    def has_errors(self) -> bool:
        return not self.document.sound or any(problem.level == "error" for problem in self.problems)

    def _in_file(self, path: Path) -> Path:
        """The path as the file spells it: a key below a misspelt one may be misspelt itself."""
        for length in range(len(path), 0, -1) if self.meant else ():
            written = self.meant.get(path[:length])
            if written is not None:
                return (*self._in_file(written[:-1]), written[-1], *path[length:])
        return path

    def _add(self, path: Path, message: str, remedy: str, level: Literal["error", "warning"]) -> None:
        if not self.is_spoilt(path):
            self.problems.append(Problem(self.place_of(path), message, remedy, level))


def _remedy_of_empty(path: Path) -> str:
    """A decimal comma between braces or brackets is the end of a value, and what follows it a key."""
    if str(path[-1]).isdecimal() and isinstance(path[-1], str):
        return "write a decimal point if the comma before it is a decimal comma; else remove it"
    return "write one, or leave the key out"
