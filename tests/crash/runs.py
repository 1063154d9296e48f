"""Runs that die: started through servers that have everything imported, several side by side."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from lab.processes import die_with_parent


@dataclass(frozen=True, slots=True)
class Death:
    """Where a run dies: before or after the nth call of a kind (`move:active`: to that state)."""

    call: str
    when: str
    nth: int = 1
    signal: str = "SIGKILL"

    def __str__(self) -> str:
        return f"{self.when} {self.call}"


class RunServer:
    """One process that forks runs, one at a time."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        assert self._said() == {"ready": True}

    def _said(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the run server died"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], log: Path, death: Death | None = None
    ) -> "Running":
        """Fork a `chaos` command."""
        die = (
            None
            if death is None
            else {"call": death.call, "when": death.when, "nth": death.nth, "signal": death.signal}
        )
        request = {"arguments": list(arguments), "environment": dict(environment), "log": str(log), "die": die}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return Running(self, int(self._said()["pid"]))


class Running:
    """A command that runs."""

    def __init__(self, server: RunServer, pid: int) -> None:
        self._server = server
        self.pid = pid
        self._exit: int | None = None

    def wait_until_open(self) -> bool:
        """True once the run has told the ledger that it lives; False when it has ended without."""
        answer = self._server._said()
        if "exit" in answer:
            self._exit = answer["exit"]
            return False
        return True

    def kill(self, number: signal.Signals) -> None:
        if self._exit is None:
            with suppress(ProcessLookupError):  # it may have ended by itself just now
                os.kill(self.pid, number)

    def wait(self) -> int:
        """The exit status, negative for a signal."""
        while self._exit is None:
            self._exit = self._server._said().get("exit")
        return self._exit


@contextmanager
def run_servers(count: int) -> "Iterator[SimpleQueue[RunServer]]":
    """Servers to take from the queue and to put back."""
    free: SimpleQueue[RunServer] = SimpleQueue()
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    die_with_parent([sys.executable, "-m", "tests.crash.run_server"]),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(count)
        ]
        for process in processes:
            stack.callback(process.kill)
            free.put(RunServer(process))
        yield free
