"""An experiment of the tests' own fault, run by the real `chaos` program with the local ledger."""

import json
import os
import select
import signal
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lab.processes import die_with_parent
from tests.guard.slo_prometheus import SloScript
from tests.waiting import wait_for

TIMEOUT_SECONDS = 120
"""A machine may be held up; nothing here is timed."""


class Program:
    """`chaos run`, started again and again (tests.guard.chaos)."""

    def __init__(self) -> None:
        command = die_with_parent([sys.executable, "-m", "tests.guard.chaos"])
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start(self, directory: Path, arguments: list[str], environment: dict[str, str]) -> "Running":
        request = {"directory": str(directory), "arguments": arguments, "environment": environment}
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        return Running(self.answer(TIMEOUT_SECONDS)["pid"], self)

    def answer(self, seconds: float) -> dict[str, int]:
        """The next answer; empty when there is none within so many seconds."""
        assert self._server.stdout is not None
        if not select.select([self._server.stdout], [], [], seconds)[0]:
            return {}
        read: dict[str, int] = json.loads(self._server.stdout.readline())
        return read

    def close(self) -> None:
        self._server.kill()
        self._server.communicate()


@dataclass
class Running:
    """One run that was started."""

    pid: int
    program: Program
    status: int | None = None

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def poll(self, seconds: float = 0.0) -> int | None:
        """Its exit status; None as long as it runs."""
        if self.status is None:
            self.status = self.program.answer(seconds).get("exit")
        return self.status


@dataclass(frozen=True)
class Ended:
    """How a run of the program ended."""

    status: int
    printed: str
    said: str
    journal: dict[str, Any]

    @property
    def verdict(self) -> str:
        return str(self.journal["mlchaos"]["verdict"])

    @property
    def reason(self) -> str:
        return str(self.journal["mlchaos"]["reason"])


def python(name: str, module: str, func: str, kind: str = "probe", **arguments: Any) -> dict[str, Any]:
    """An activity."""
    provider = {"type": "python", "module": module, "func": func, "arguments": arguments}
    return {"type": kind, "name": name, "provider": provider}


class Stage:
    """A directory with an experiment, which a test may change before it runs."""

    def __init__(self, program: Program, directory: Path, script: SloScript, prometheus_url: str) -> None:
        self._program = program
        self.directory = directory
        self.script = script
        self.environment = {
            "PROMETHEUS_URL": prometheus_url,
            "MLCHAOS_STATE_DIR": str(directory / "state"),
            "MLCHAOS_LEDGER": "local",
        }
        self.experiment: dict[str, Any] = {
            "title": "a file is there",
            "description": "A file of the tests.",
            "runtime": {"rollbacks": {"strategy": "always"}},
            "controls": [{"name": "guard", "provider": {"type": "python", "module": "runner.guard"}}],
            "extensions": [
                {
                    "name": "guard",
                    "slos": list(script.names),
                    "blast_radius": {
                        "namespaces": ["nowhere"],
                        "paths": {"max": 5},
                        "error_budget": {"max_spend": "100%"},
                        "duration": "1m",
                    },
                    "admit": {"budget_left": "0%"},
                    "abort_when": {"burn_rate": 10, "window": "10s"},
                    "recover_within": "10s",
                }
            ],
            "steady-state-hypothesis": {
                "title": "the guard watches",
                "probes": [python("watched", "runner.guard", "watched") | {"tolerance": True}],
            },
            "method": [self.touch(), self.block()],
            "rollbacks": [],
        }

    @property
    def guard(self) -> dict[str, Any]:
        block: dict[str, Any] = self.experiment["extensions"][0]
        return block

    def touch(self, name: str = "break", **arguments: Any) -> dict[str, Any]:
        return python(name, "actions.files_of_tests", "touch", "action", directory=str(self.directory), **arguments)

    def block(self, func: str = "block", **arguments: Any) -> dict[str, Any]:
        more = {} if func == "leave" else {"marker": str(self.path("blocked"))}
        return python(func, "tests.guard.activities", func, **more, **arguments)

    def note(self, name: str = "noted") -> dict[str, Any]:
        return python(name, "tests.guard.activities", "note", marker=str(self.path(name)))

    def path(self, name: str) -> Path:
        return self.directory / name

    def start(self, *options: str) -> Running:
        file = self.path("experiment.yaml")
        file.write_text(yaml.safe_dump(self.experiment))
        environment = {"NO_COLOR": "1", "COLUMNS": "80", **self.environment}
        return self._program.start(self.directory, [str(file), *options], environment)

    def until(self, name: str, running: Running) -> None:
        """Wait for a file of the run; a run that ends before is shown."""
        wait_for(lambda: self.path(name).exists() or running.poll() is not None, TIMEOUT_SECONDS)
        assert self.path(name).exists(), self.path("stderr").read_text()

    def finish(self, running: Running) -> Ended:
        status = running.poll(TIMEOUT_SECONDS)
        if status is None:
            running.send_signal(signal.SIGKILL)
            raise AssertionError(f"it does not end: {self.path('stderr').read_text()}")
        journal = json.loads(self.path("journal.json").read_text())
        return Ended(status, self.path("stdout").read_text(), self.path("stderr").read_text(), journal)

    def run(self, *options: str) -> Ended:
        return self.finish(self.start(*options))

    @property
    def left(self) -> list[str]:
        """What the ledger still holds: its tables' rows."""
        with sqlite3.connect(self.path("state") / "ledger.sqlite") as connection:
            tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
            return [f"{table}: {row}" for table in tables for row in connection.execute(f"select * from {table}")]  # noqa: S608
