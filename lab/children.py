"""The processes that the supervisor starts, watches and ends."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab import processes
from lab.state import Component, Kind

STOP_SECONDS = 3.0
"""How long a process has between SIGTERM and SIGKILL."""


@dataclass(slots=True)
class Child:
    """One process: what it is, and whether it is meant to run."""

    name: str
    kind: Kind
    command: Sequence[str]
    log: Path
    detail: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables beyond those that all children get."""
    wanted: bool = False
    process: asyncio.subprocess.Process | None = None
    ended: str = "not started"

    def describe(self) -> Component:
        running = self.process is not None and self.process.returncode is None
        return Component(
            name=self.name,
            kind=self.kind,
            pid=self.process.pid if running and self.process else None,
            running=running,
            detail=self.detail if running else self.ended,
        )


@dataclass(slots=True)
class Children:
    """All children of one lab. `on_end` is told of each that ends without having been asked to."""

    environment: Mapping[str, str]
    on_end: Callable[[Child], None]
    by_name: dict[str, Child] = field(default_factory=dict)
    _watches: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self, child: Child) -> None:
        """Start (or start again) `child` and watch it."""
        child.wanted = True
        child.process = await processes.start(child.command, child.log, {**self.environment, **child.environment})
        self.by_name[child.name] = child
        watch = asyncio.create_task(self._watch(child, child.process))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)

    async def _watch(self, child: Child, process: asyncio.subprocess.Process) -> None:
        returncode = await process.wait()
        child.ended = f"{processes.how_it_ended(returncode)} at {time.strftime('%H:%M:%S')}"
        if child.wanted:
            child.wanted = False
            self.on_end(child)

    async def stop(self, child: Child, first: signal.Signals = signal.SIGTERM) -> None:
        """End one child; SIGKILL follows `first` after STOP_SECONDS."""
        child.wanted = False
        if child.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(first)
        try:
            await asyncio.wait_for(child.process.wait(), STOP_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                child.process.kill()
            await child.process.wait()

    async def stop_all(self) -> None:
        await asyncio.gather(*(self.stop(child) for child in self.by_name.values()))

    def describe(self) -> tuple[Component, ...]:
        return tuple(child.describe() for child in self.by_name.values())
