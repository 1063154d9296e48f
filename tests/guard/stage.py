"""An experiment of the tests' own fault, run by the real `chaos` program with the local ledger."""

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.guard.slo_prometheus import SloScript
from tests.waiting import wait_for

TIMEOUT_SECONDS = 60


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

    def __init__(self, directory: Path, script: SloScript, prometheus_url: str) -> None:
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
                    "recover_within": "5s",
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

    def start(self, *options: str) -> "subprocess.Popen[str]":
        file = self.path("experiment.yaml")
        file.write_text(yaml.safe_dump(self.experiment))
        command = [sys.executable, "-m", "tests.guard.chaos", "--no-version-check", "run", str(file), *options]
        return subprocess.Popen(
            command,
            cwd=self.directory,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "80", "PYTHONPATH": str(Path.cwd()), **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def until(self, name: str, process: "subprocess.Popen[str]") -> None:
        """Wait for a file of the run; a run that ends before is shown."""
        wait_for(lambda: self.path(name).exists() or process.poll() is not None, 30)
        if not self.path(name).exists():
            raise AssertionError(process.communicate()[1])

    def finish(self, process: "subprocess.Popen[str]") -> Ended:
        try:
            printed, said = process.communicate(timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(process.communicate()[1]) from None
        return Ended(process.returncode, printed, said, json.loads(self.path("journal.json").read_text()))

    def run(self, *options: str) -> Ended:
        return self.finish(self.start(*options))

    @property
    def left(self) -> list[str]:
        """What the ledger still holds: its tables' rows."""
        with sqlite3.connect(self.path("state") / "ledger.sqlite") as connection:
            tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
            return [f"{table}: {row}" for table in tables for row in connection.execute(f"select * from {table}")]  # noqa: S608
