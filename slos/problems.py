"""What is wrong with a file: where, what, and what to write instead."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a file: line and column count from 1; `path` is the place in the document.

    A path reads `spec.objectives[0].target`.
    """

    file: str
    line: int = 1
    column: int = 1
    path: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. A warning lets the file pass; an error does not."""

    place: Place
    message: str
    remedy: str
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        path = f" {self.place.path}:" if self.place.path else ""
        return f"{self.place}: {self.level}:{path} {self.message}; {self.remedy}"
