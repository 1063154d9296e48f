"""Collects what is wrong with one document, and keeps what follows from it to itself."""

from dataclasses import replace
from typing import Literal

from slos.files.yaml_document import Document, Path, path_text
from slos.problems import Place, Problem


class Findings:
    """The problems of one document.

    `spoilt` paths hold a value that was reported, or put in to be able to read on: nothing at or below them is said
    again. `meant` has the path of each reported misspelling by the path that it stands for: nothing is missing there.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.spoilt: set[Path] = set(document.damaged)
        self.meant: dict[Path, Path] = {}

    def error(self, path: Path, message: str, remedy: str) -> None:
        self._add(path, message, remedy, "error")

    def warn(self, path: Path, message: str, remedy: str) -> None:
        self._add(path, message, remedy, "warning")

    def unknown_key(self, path: Path, message: str, remedy: str) -> None:
        """Like an error, at the key rather than its value."""
        if not self.is_spoilt(path):
            self.problems.append(Problem(self.document.place_of_key(path), message, remedy))

    def missing(self, parent: Path, keys: tuple[str, ...], message: str, remedy: str) -> None:
        """None of `keys` is there, said at the mapping where they should be."""
        if parent in self.document.partial:
            return
        if not any((*parent, key) in self.meant or (*parent, key) in self.spoilt for key in keys):
            self._add(parent, message, remedy, "error")

    def refuse_empty(self, except_below: tuple[str, ...]) -> None:
        """Reports every key that stands there without a value, except below some of the document's own keys."""
        for path in self.document.empty:
            if path[0] not in except_below:
                self.error(path, "no value", "write one, or leave the key out")
                self.spoilt.add(path)

    def place_of(self, path: Path) -> Place:
        """Where the value at `path` begins, also when one of its keys is misspelt in the file."""
        for length in range(len(path), 0, -1) if self.meant else ():
            misspelt = self.meant.get(path[:length])
            if misspelt is not None:
                return replace(self.document.place_of((*misspelt, *path[length:])), path=path_text(path))
        return self.document.place_of(path)

    def is_spoilt(self, path: Path) -> bool:
        return bool(self.spoilt) and any(path[:length] in self.spoilt for length in range(len(path) + 1))

    def hides(self, place: Place) -> bool:
        """Whether a place in this document is of a value that is not the document's own."""
        texts = [path_text(path) for path in self.spoilt] if self.document.covers(place) else []
        return any(place.path == text or place.path.startswith((f"{text}.", f"{text}[")) for text in texts)

    @property
    def has_errors(self) -> bool:
        return not self.document.sound or any(problem.level == "error" for problem in self.problems)

    def _add(self, path: Path, message: str, remedy: str, level: Literal["error", "warning"]) -> None:
        if not self.is_spoilt(path):
            self.problems.append(Problem(self.place_of(path), message, remedy, level))
