"""Printing what is laid out with rich: as wide as the terminal, 80 columns into a pipe, in what the output can show."""

import re
import sys
from typing import TextIO

from rich.console import Console, RenderableType

MAX_WIDTH = 120
LEAST_WIDTH = 50
"""In less, tables break within their words and figures: a narrower terminal folds the lines itself."""
_TRAILING_BLANKS = re.compile(r" +((?:\x1b\[[0-9;]*m)*)$", re.MULTILINE)


class Page:
    """Standard output, or another file, for a report."""

    def __init__(self, file: TextIO | None = None) -> None:
        self._file = file or sys.stdout
        self._console = Console(file=self._file, highlight=False, markup=False, emoji=False)
        self._console.width = max(min(self._console.width, MAX_WIDTH), LEAST_WIDTH)

    @property
    def width(self) -> int:
        return self._console.width

    @property
    def encoding(self) -> str:
        return self._file.encoding or "ascii"

    @property
    def unicode(self) -> bool:
        """Whether lines and Braille dots can be shown."""
        return self.encoding.lower().replace("-", "").startswith("utf")

    def print(self, *parts: RenderableType) -> None:
        """Print one below the other; what the output cannot encode becomes a question mark."""
        with self._console.capture() as captured:
            for part in parts:
                self._console.print(part)
        text = _TRAILING_BLANKS.sub(r"\1", captured.get())
        self._file.write(text.encode(self.encoding, "replace").decode(self.encoding))
