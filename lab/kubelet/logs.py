"""Container logs: one bounded file per run of a container, each line with its time, in the CRI log format.

A line is `TIME STREAM TAG TEXT`; TAG is F for a whole line and P for a piece of one that goes on in the next entry.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lab.kubelet.clock import rfc3339_nano

ROTATE_BYTES = 8 << 20
LONGEST_LINE_BYTES = 16 << 10
CHUNK_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class LogQuery:
    """What part of a log is wanted, and how."""

    tail: int | None = None
    since: str = ""
    """Entries before this time (as in the file) are left out."""
    limit: int | None = None
    """Bytes of answer at most."""
    timestamps: bool = False
    follow: bool = False
    previous: bool = False


def parse_query(query: Mapping[str, str]) -> LogQuery:
    """The query parameters of a log request; ValueError names the one that makes no sense."""
    since = ""
    seconds = _number(query, "sinceSeconds")
    if seconds is not None:
        since = rfc3339_nano(time.time_ns() - seconds * 1_000_000_000)
    elif query.get("sinceTime"):
        since = query["sinceTime"].removesuffix("Z")
    return LogQuery(
        tail=_number(query, "tailLines"),
        since=since,
        limit=_number(query, "limitBytes"),
        timestamps=_flag(query, "timestamps"),
        follow=_flag(query, "follow"),
        previous=_flag(query, "previous"),
    )


def _number(query: Mapping[str, str], name: str) -> int | None:
    if not query.get(name):
        return None
    if not query[name].isdecimal():
        raise ValueError(f"{name} must be a number of 0 or more, not {query[name]!r}")
    return int(query[name])


def _flag(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "").lower() in ("true", "1")


class ContainerLog:
    """The log of one run of a container: appended to here, read by any number of `read_log`s."""

    def __init__(self, path: Path, rotate_bytes: int = ROTATE_BYTES) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.closed = False
        self._rotate_bytes = rotate_bytes
        self._unfinished = {"stdout": b"", "stderr": b""}
        self._grown = asyncio.Event()
        self._open()

    def _open(self) -> None:
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._file).st_size

    @property
    def rotated(self) -> Path:
        """Where the older part of the log is, once there is too much for one file."""
        return self.path.with_suffix(".old")

    def append(self, stream: str, data: bytes) -> None:
        """Take in output of the container as it came out of the pipe."""
        *lines, rest = (self._unfinished[stream] + data).split(b"\n")
        prefix = f"{rfc3339_nano(time.time_ns())} {stream} ".encode()
        entries = [prefix + piece for line in lines for piece in _pieces(line)]
        while len(rest) > LONGEST_LINE_BYTES:
            entries.append(prefix + b"P " + rest[:LONGEST_LINE_BYTES] + b"\n")
            rest = rest[LONGEST_LINE_BYTES:]
        self._unfinished[stream] = rest
        self._write(b"".join(entries))

    def _write(self, text: bytes) -> None:
        if not text or self.closed:
            return
        if self._size and self._size + len(text) > self._rotate_bytes:
            os.close(self._file)
            self.path.replace(self.rotated)
            self._open()
        os.write(self._file, text)
        self._size += len(text)
        self._wake()

    def close(self) -> None:
        """The container has ended: keep its last, unfinished lines and let followers finish."""
        for stream, rest in self._unfinished.items():
            if rest:
                self._write(f"{rfc3339_nano(time.time_ns())} {stream} P ".encode() + rest + b"\n")
        if not self.closed:
            os.close(self._file)
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()

    async def grown(self) -> None:
        """Wait until there is more, or the log is closed."""
        if not self.closed:
            await self._grown.wait()


def _pieces(line: bytes) -> Iterator[bytes]:
    while len(line) > LONGEST_LINE_BYTES:
        yield b"P " + line[:LONGEST_LINE_BYTES] + b"\n"
        line = line[LONGEST_LINE_BYTES:]
    yield b"F " + line + b"\n"


def present(entry: bytes, query: LogQuery) -> bytes:
    """One entry of the file as the reader wants to see it; empty if it is before `since`."""
    moment, _, tag, text = entry.removesuffix(b"\n").split(b" ", 3)
    if query.since and moment.decode() < query.since:
        return b""
    shown = text + b"\n" if tag == b"F" else text
    return moment + b" " + shown if query.timestamps else shown


def tail_offset(file: BinaryIO, lines: int) -> tuple[int, int]:
    """Where the last `lines` lines of `file` begin, and how many of them are missing because the file has fewer."""
    position = file.seek(0, os.SEEK_END)
    wanted = lines + 1  # the newline before the first wanted line
    while position > 0:
        start = max(0, position - CHUNK_BYTES)
        file.seek(start)
        block = file.read(position - start)
        count = block.count(b"\n")
        if count >= wanted:
            for _ in range(wanted):
                position = start + block.rindex(b"\n", 0, position - start)
            return position + 1, 0
        wanted -= count
        position = start
    return 0, wanted - 1


async def read_log(log: ContainerLog, query: LogQuery) -> AsyncIterator[bytes]:
    """The wanted part of `log` in chunks; with `follow`, what comes from now on too, until the container ends."""
    left = query.limit
    async for chunk in _chunks(log, query):
        text = b"".join(present(entry, query) for entry in chunk)
        if left is not None:
            text = text[:left]
            left -= len(text)
        if text:
            yield text
        if left == 0:
            return


async def _chunks(log: ContainerLog, query: LogQuery) -> AsyncIterator[list[bytes]]:
    file = log.path.open("rb")
    try:
        missing: int | None = None  # None: all of the older part
        if query.tail is not None:
            offset, missing = tail_offset(file, query.tail)
            file.seek(offset)
        if missing != 0 and log.rotated.exists():
            with log.rotated.open("rb") as older:
                older.seek(0 if missing is None else tail_offset(older, missing)[0])
                while entries := older.readlines(CHUNK_BYTES):
                    yield entries
        while True:
            ended = log.closed
            if entries := file.readlines(CHUNK_BYTES):
                yield entries
            elif os.fstat(file.fileno()).st_ino != log.path.stat().st_ino:
                file.close()
                file = log.path.open("rb")
            elif ended or not query.follow:
                return
            else:
                await log.grown()
    finally:
        file.close()
