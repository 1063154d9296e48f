"""Child processes in sessions of their own, waited for and read in the event loop without threads."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

Sink = Callable[[bytes], None]
READ_BYTES = 65536


class Output:
    """A pipe from a child: `write_end` goes to the child, what arrives goes to `sink` as it comes."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._read_end, self.write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        self._open = True
        asyncio.get_running_loop().add_reader(self._read_end, self._read)

    def _read(self) -> bool:
        """Pass on what there is; False when there is no more for now."""
        try:
            data = os.read(self._read_end, READ_BYTES)
        except BlockingIOError:
            return False
        if data:
            self._sink(data)
        else:
            asyncio.get_running_loop().remove_reader(self._read_end)
        return bool(data)

    def close(self) -> None:
        """Pass on what is still in the pipe, then shut it, whoever still holds the other end."""
        if self._open:
            self._open = False
            while self._read():
                pass
            asyncio.get_running_loop().remove_reader(self._read_end)
            os.close(self._read_end)


class Process:
    """A started child. OSError from the constructor if the program cannot be run. The main thread must make it:
    the kernel's parent-death signal (see isolation.py) means the thread that started the child."""

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
        stdio: tuple[int, int, int],
        *,
        own_session: bool = True,
    ) -> None:
        stdin, stdout, stderr = stdio
        self._child = subprocess.Popen(
            argv,
            env=dict(environment),
            cwd=directory,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=own_session,
        )
        self.pid = self._child.pid
        loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[int] = loop.create_future()
        self._pidfd = os.pidfd_open(self.pid)
        loop.add_reader(self._pidfd, self._reap)

    def _reap(self) -> None:
        code = self._child.wait()
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        if not self._ended.done():
            self._ended.set_result(code if code >= 0 else 128 - code)

    def kill(self) -> None:
        """Kill the child, if it still runs, with its process group if it has one of its own."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                (os.killpg if os.getpgid(self.pid) == self.pid else os.kill)(self.pid, signal.SIGKILL)

    @property
    def running(self) -> bool:
        return not self._ended.done()

    async def wait(self) -> int:
        """The exit status; 128+n for a child killed by signal n."""
        return await asyncio.shield(self._ended)
