"""The processes of a container, as its own /proc shows them to a shell in it. Pure, the scripts included.

PID 1 is left alone: the kernel drops SIGKILL and SIGSTOP that reach it from inside its own namespace. So what is hit is
what it has started. A process is known by its pid and its start time, so that one that got a dead one's pid is never
touched. The scripts are plain POSIX shell without any other program: `sh` is all that the image must have.
"""

import fnmatch
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

LIST = """
[ "$PPID" = 0 ] || { echo "not alone: this shell sees the process that started it" >&2; exit 90; }
for directory in /proc/[0-9]*; do
  read -r line 2>/dev/null < "$directory/stat" && printf '%s\\n' "$line"
done
exit 0
"""
"""Prints /proc/PID/stat of each process. Refuses where the container shares its processes with others: whoever entered
a PID namespace from outside has no parent that can be seen in it."""

SHARED = 90

SIGNAL = """
[ "$PPID" = 0 ] || exit 90
signal=$1
shift
set -f
start() { shift 19; started=$1; }
for process; do
  pid=${process%%:*}
  read -r line 2>/dev/null < "/proc/$pid/stat" || continue
  start ${line##*) }
  [ "$started" = "${process#*:}" ] && kill -s "$signal" "$pid" 2>/dev/null
done
exit 0
"""
"""Sends the signal to each PID:START that is still that very process."""

_STAT = re.compile(r"(?P<pid>\d+) \((?P<name>.*)\) (?P<state>\S) (?P<parent>\d+) (?:-?\d+ ){17}(?P<started>\d+) ")
_ENDED = "ZXx"
_STOPPED = "T"
_TRACED = "t"


@dataclass(frozen=True, slots=True)
class Process:
    """A process: `started` is in clock ticks since the machine's boot, `state` a letter as ps shows it."""

    pid: int
    name: str
    state: str
    parent: int
    started: int

    @property
    def key(self) -> str:
        """What tells this very process from a later one of the same pid."""
        return f"{self.pid}:{self.started}"

    @property
    def ended(self) -> bool:
        return self.state in _ENDED

    @property
    def stopped(self) -> bool:
        return self.state == _STOPPED

    @property
    def runs(self) -> bool:
        """Neither ended nor held by anybody: what somebody else holds is his to let go."""
        return not self.ended and not self.stopped and self.state != _TRACED


def read_processes(listing: str) -> list[Process]:
    """What LIST printed; lines that are none of a process are dropped."""
    return [
        Process(int(found["pid"]), found["name"], found["state"], int(found["parent"]), int(found["started"]))
        for found in map(_STAT.match, listing.split("\n"))
        if found
    ]


def started_by_first(processes: Iterable[Process], pattern: str = "") -> list[Process]:
    """PID 1's descendants whose names match the pattern (all without one), parents before their children."""
    children: dict[int, list[Process]] = {}
    for process in processes:
        children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    waiting = sorted(children.get(1, []), key=lambda process: process.pid)
    while waiting:
        process = waiting.pop(0)
        found.append(process)
        waiting += sorted(children.get(process.pid, []), key=lambda child: child.pid)
    return [process for process in found if not pattern or fnmatch.fnmatchcase(process.name, pattern)]


def with_keys(processes: Iterable[Process], keys: Sequence[str]) -> list[Process]:
    """Those very processes that are still there."""
    return [process for process in processes if process.key in keys]


def keys_in(undo: JsonValue) -> list[str]:
    """The keys that a record holds. Ledgers can be written by others: anything but PID:START is dropped."""
    listed = undo if isinstance(undo, list) else []
    return [key for key in listed if isinstance(key, str) and re.fullmatch(r"[0-9]+:[0-9]+", key)]
