"""Many runs of the real `chaos` program beside each other, forked from one process that has imported it all once.

    python -m tests.alerts.at_once

Reads a JSON list of what tests.guard.chaos takes one by one, and answers with the exit statuses when all have ended.
"""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from lab.processes import die_with_parent
from tests.guard import chaos
from tests.guard.stage import Program, Running

ENDED_SECONDS = 500.0


class AtOnce(Program):
    """Collects the runs that stages start, and begins them all together."""

    def __init__(self) -> None:
        self._requests: list[dict[str, Any]] = []
        self._started: list[Running] = []
        command = die_with_parent([sys.executable, "-m", "tests.alerts.at_once"])
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start(self, directory: Path, arguments: list[str], environment: dict[str, str]) -> Running:
        self._requests.append({"directory": str(directory), "arguments": arguments, "environment": environment})
        self._started.append(Running(0, self))
        return self._started[-1]

    def begin(self) -> None:
        """Start all of them."""
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(self._requests) + "\n")
        self._server.stdin.flush()

    def wait(self) -> None:
        """Wait for the end of all of them."""
        answered, _ = self._server.communicate(timeout=ENDED_SECONDS)
        for running, status in zip(self._started, json.loads(answered), strict=True):
            running.status = status


def main() -> None:
    """Run what is read, and say how it ended."""
    for name in chaos.USED:
        importlib.import_module(name)
    pids = []
    for request in json.loads(sys.stdin.readline()):
        pid = os.fork()
        if pid == 0:
            chaos.run(request)
        pids.append(pid)
    statuses = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    sys.stdout.write(json.dumps(statuses) + "\n")


if __name__ == "__main__":
    main()
