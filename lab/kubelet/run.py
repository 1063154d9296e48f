"""One run of a container: its processes, from their start until nothing is left of them."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.kubelet import isolation
from lab.kubelet.logs import ContainerLog
from lab.kubelet.process import Output, Process
from lab.processes import kill_carrying

MARK = "MLCHAOS_CONTAINER"


@dataclass(frozen=True, slots=True)
class Launch:
    """How a container is run, worked out anew for each start."""

    environment: Mapping[str, str]
    directory: Path


class Run:
    """One run of a container: the processes and the log of it."""

    def __init__(
        self, isolated: isolation.Isolation, command: Sequence[str], launch: Launch, log: ContainerLog, mark: str
    ) -> None:
        self.command, self.launch = command, launch
        self.up = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        self._isolation, self._log, self._mark = isolated, log, mark
        self._kill_timer: asyncio.TimerHandle | None = None
        outputs = (Output(lambda data: log.append("stdout", data)), Output(lambda data: log.append("stderr", data)))
        self._outputs = outputs
        try:
            self.process = Process(
                isolated.launch(command),
                launch.environment,
                launch.directory,
                (subprocess.DEVNULL, outputs[0].write_end, outputs[1].write_end),
            )
        except OSError:
            for output in outputs:
                output.close()
            log.close()
            raise
        finally:
            for output in outputs:
                os.close(output.write_end)

    def end(self, grace: float, before: Callable[[float], Awaitable[None]]) -> None:
        """SIGTERM after what `before` does, SIGKILL after `grace` seconds, unless an earlier call said sooner."""
        loop = asyncio.get_running_loop()
        first = self._kill_timer is None
        if self._kill_timer is not None and self._kill_timer.when() <= loop.time() + grace:
            return
        if self._kill_timer is not None:
            self._kill_timer.cancel()
        self._kill_timer = loop.call_later(grace, self._isolation.kill, self.process.pid)
        if grace <= 0:
            self._isolation.kill(self.process.pid)
        elif first:
            self.tasks.append(asyncio.create_task(self._ask_to_end(grace, before)))

    async def _ask_to_end(self, grace: float, before: Callable[[float], Awaitable[None]]) -> None:
        await self.up.wait()
        await before(grace)
        pid = self._isolation.container_pid(self.process.pid)
        if pid is not None and self.process.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    async def close(self) -> None:
        """Leave nothing behind; what still runs is killed."""
        if self._kill_timer is not None:
            self._kill_timer.cancel()
        for task in self.tasks:
            task.cancel()
        if self.process.running:
            self._isolation.kill(self.process.pid)
            await self.process.wait()
        if not self._isolation.pid_namespace:
            self._isolation.kill(self.process.pid)
            kill_carrying(f"{MARK}={self._mark}")
        for output in self._outputs:
            output.close()
        self._log.close()
