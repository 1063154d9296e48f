"""Reads SLO files and directories of them."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import slos
from runner.slo.garbage import without_collecting
from slos.files.reading import Loaded, read
from slos.problems import Place, Problem

CATALOG = Path(slos.__file__).parent / "catalog"
"""The SLOs that come with mlchaos."""

MOST_BYTES = 16 * 1024 * 1024
"""Of one file: a hundred times as much as a thousand SLOs need."""
_SUFFIXES = (".yaml", ".yml")


class _NotReadError(Exception):
    """A file that is not read, though it could be: why, and what to do about it."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.remedy = remedy


def load(paths: Sequence[Path]) -> Loaded:
    """What files, and directories of *.yaml and *.yml files at any depth, declare together.

    Hidden files and directories are passed over. Whatever else cannot be read is a problem of the result; a file named
    twice is read once.
    """
    problems: list[Problem] = []
    texts: dict[str, str] = {}
    for path in _files(paths, problems):
        try:
            texts[str(path)] = _contents(path).decode("utf-8-sig")
        except _NotReadError as error:
            problems.append(Problem(Place(str(path)), str(error), error.remedy))
        except OSError as error:
            problems.append(_unreadable(path, error))
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            problems.append(Problem(Place(str(path), line), "no UTF-8 text", "save the file as UTF-8"))
    with without_collecting():
        loaded = read(texts)
    return Loaded(loaded.slos, tuple(sorted((*problems, *loaded.problems), key=lambda problem: problem.place)))


def _contents(path: Path) -> bytes:
    """All of a regular file of no more than MOST_BYTES; what has no end, or no beginning yet, is not waited for."""
    # A FIFO without a writer would hold the open itself.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise _NotReadError("no regular file, but a pipe or a device", "write it to a file first")
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise _NotReadError(f"larger than {MOST_BYTES // 1024**2} MiB", "split it, if it holds SLOs at all")
    return content


def _files(paths: Sequence[Path], problems: list[Problem]) -> Iterator[Path]:
    seen: set[str] = set()
    for path in paths:
        for file in _within(path, problems) if os.path.isdir(path) else [path]:  # noqa: PTH112 (never raises)
            real = os.path.realpath(file)
            if real not in seen:
                seen.add(real)
                yield file


def _within(directory: Path, problems: list[Problem]) -> list[Path]:
    """The files of a directory, sorted; hidden files and directories are not looked at."""
    files: list[Path] = []
    unread: list[Problem] = []
    for place, below, names in os.walk(directory, onerror=lambda error: unread.append(_unreadable(directory, error))):
        below[:] = [name for name in below if not name.startswith(".")]
        files += [Path(place, name) for name in names if name.endswith(_SUFFIXES) and not name.startswith(".")]
    problems += unread
    if not files and not unread:
        message = "no SLO file in this directory"
        problems.append(Problem(Place(str(directory)), message, "name one with *.yaml or *.yml files in it"))
    return sorted(files)


def _unreadable(path: Path, error: OSError) -> Problem:
    reason = (error.strerror or str(error)).lower()
    return Problem(
        Place(str(error.filename or path)), f"cannot be read: {reason}", "check the path and its permissions"
    )
