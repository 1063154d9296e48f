"""Texts of files that are named on a command line: regular ones, UTF-8, of a size that makes sense."""

import os
import stat
from pathlib import Path

from slos.problems import Place, Problem

MOST_BYTES = 16 * 1024 * 1024
"""Of one file: a hundred times as much as a thousand SLOs need."""


class UnreadFileError(Exception):
    """A file that is not read: `problem` says where, why, and what to do about it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read_text(path: Path, too_large: str) -> str:
    """The text of a file, without a byte order mark; `too_large` is what to do about one of more than MOST_BYTES.

    Raises UnreadFileError.
    """
    try:
        return _contents(path, too_large).decode("utf-8-sig")
    except OSError as error:
        raise UnreadFileError(unreadable(path, error)) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise UnreadFileError(Problem(Place(str(path), line), "no UTF-8 text", "save the file as UTF-8")) from error


def unreadable(path: Path, error: OSError) -> Problem:
    """What the system says of a file or directory that it does not give."""
    reason = (error.strerror or str(error)).lower()
    named = error.filename if isinstance(error.filename, str) else path  # a descriptor's number says nothing
    return Problem(Place(str(named)), f"cannot be read: {reason}", "check the path and its permissions")


def _contents(path: Path, too_large: str) -> bytes:
    """All of a regular file of no more than MOST_BYTES; what has no end, or no beginning yet, is not waited for."""
    # A FIFO without a writer would hold the open itself.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            message = "no regular file, but a pipe or a device"
            raise UnreadFileError(Problem(Place(str(path)), message, "write it to a file first"))
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise UnreadFileError(Problem(Place(str(path)), f"larger than {MOST_BYTES // 1024**2} MiB", too_large))
    return content
