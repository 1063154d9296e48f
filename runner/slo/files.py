"""Reads SLO files and directories of them."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import slos
from runner.regular_file import UnreadFileError, read_text, unreadable
from runner.slo.garbage import without_collecting
from slos.files.reading import Loaded, read
from slos.problems import Place, Problem

CATALOG = Path(slos.__file__).parent / "catalog"
"""The SLOs that come with mlchaos."""

_SUFFIXES = (".yaml", ".yml")


def load(paths: Sequence[Path]) -> Loaded:
    """What files, and directories of *.yaml and *.yml files at any depth, declare together.

    Hidden files and directories are passed over. Whatever else cannot be read is a problem of the result; a file named
    twice is read once.
    """
    problems: list[Problem] = []
    texts: dict[str, str] = {}
    for path in _files(paths, problems):
        try:
            texts[str(path)] = read_text(path, "split it, if it holds SLOs at all")
        except UnreadFileError as error:
            problems.append(error.problem)
    with without_collecting():
        loaded = read(texts)
    return Loaded(loaded.slos, tuple(sorted((*problems, *loaded.problems), key=lambda problem: problem.place)))


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
    for place, below, names in os.walk(directory, onerror=lambda error: unread.append(unreadable(directory, error))):
        below[:] = [name for name in below if not name.startswith(".")]
        files += [Path(place, name) for name in names if name.endswith(_SUFFIXES) and not name.startswith(".")]
    problems += unread
    if not files and not unread:
        message = "no SLO file in this directory"
        problems.append(Problem(Place(str(directory)), message, "name one with *.yaml or *.yml files in it"))
    return sorted(files)
