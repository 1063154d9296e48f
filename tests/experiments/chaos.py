"""Running the real `chaos` program on an experiment of this repository."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[2]
LLM_POD_KILL = REPOSITORY / "experiments" / "serving" / "llm-pod-kill.yaml"
CHAOS = Path(sys.executable).with_name("chaos")
TIMEOUT_SECONDS = 90


@dataclass(frozen=True)
class Ended:
    """How a run of the program ended. `journal` is None when it wrote none."""

    status: int
    printed: str
    said: str
    journal: dict[str, Any] | None

    @property
    def summary(self) -> dict[str, Any]:
        assert self.journal is not None, self.said
        found: dict[str, Any] = self.journal["mlchaos"]
        return found


def load() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(LLM_POD_KILL.read_text())
    return document


class Program:
    """`chaos run` of one experiment in a directory, with the variables of the environment that it needs."""

    def __init__(self, directory: Path, experiment: dict[str, Any], environment: dict[str, str]) -> None:
        self._directory = directory
        path = directory / "experiment.yaml"
        path.write_text(yaml.safe_dump(experiment))
        self._command = [str(CHAOS), "--no-version-check", "run", str(path)]
        self._environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "80", **environment}

    def start(self, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self._command, *options],
            cwd=self._directory,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self, process: subprocess.Popen[str]) -> Ended:
        try:
            printed, said = process.communicate(timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            raise
        path = self._directory / "journal.json"
        journal = json.loads(path.read_text()) if path.exists() else None
        return Ended(process.returncode, printed, said, journal)

    def run(self, *options: str) -> Ended:
        return self.finish(self.start(*options))
