"""The logs of a lab's processes."""

import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from lab.directory import LabDirectory

POLL_SECONDS = 0.2


def components(directory: LabDirectory) -> list[str]:
    """The names that have a log."""
    return sorted(path.stem for path in directory.logs.glob("*.log"))


def tail(path: Path, lines: int, follow: bool) -> Iterator[str]:
    """The last `lines` lines of a log, then, with `follow`, each that comes."""
    with path.open(errors="replace") as log:
        yield from deque(log, lines)
        while follow:
            if line := log.readline():
                yield line
            else:
                time.sleep(POLL_SECONDS)
