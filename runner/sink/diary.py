"""The sink's file: a line for each notification, so that a sink that starts anew still knows them."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

from runner.atomic_file import write_atomically
from runner.sink.book import Book, Kept, NoNotificationError, read_kept

logger = logging.getLogger("chaostoolkit")

LEAST_LINES = 1000
"""A file with fewer lines is not worth being written anew."""


class Diary:
    """Appends to one file, and writes it anew with what the book still keeps when it has become twice as long.

    A notification that cannot be written is kept in memory all the same: this is said in the log, once until it works.
    """

    def __init__(self, path: Path, book: Book, least_lines: int = LEAST_LINES) -> None:
        """Put what is in the file into the book. Raises OSError where it cannot be read, or not be written."""
        self._path = path
        self._book = book
        self._least = least_lines
        self._lock = threading.Lock()
        self._failing = False
        if path.exists():
            book.restore(self._read())
        self._write_anew()  # without the part of a line that a crash may have left at its end

    def write(self, kept: Kept) -> None:
        """Append one."""
        with self._lock:
            try:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(kept.line + "\n")
                self._lines += 1
                if self._lines > max(self._least, 2 * len(self._book.since(0.0))):
                    self._write_anew()
            except OSError as error:
                if not self._failing:
                    logger.warning("%s cannot be written, so it is kept in memory alone: %s", self._path, error)
                self._failing = True
            else:
                self._failing = False

    def _read(self) -> Iterator[Kept]:
        with self._path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield read_kept(line)
                except NoNotificationError as error:
                    logger.warning("Line %d of %s is no notification, and is skipped: %s", number, self._path, error)

    def _write_anew(self) -> None:
        kept = self._book.since(0.0)
        write_atomically(self._path, "".join(one.line + "\n" for one in kept))
        self._lines = len(kept)
