"""The smoke set as CI runs it: a lab comes, every experiment runs in it, and it goes."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.result import Result, result
from tests.experiments.chaos import CHAOS, REPOSITORY
from tests.octets import reserved_octet

RUNS = 3


def measure() -> Iterator[Result]:
    seconds = [_smoke() for _ in range(RUNS)]
    yield result("chaos smoke experiments/smoke/: with its lab, up and down", seconds, "s", target="< 180")


def _smoke() -> float:
    """Seconds of the whole command; one that did not hold is no measurement."""
    with reserved_octet() as octet, tempfile.TemporaryDirectory(prefix="mlchaos-smoke-") as directory:
        command = [str(CHAOS), "--no-version-check", "--no-log-file", "smoke", "experiments/smoke/", "--lab"]
        command += ["--lab-dir", str(Path(directory) / "lab"), "--network", str(octet)]
        started = time.monotonic()
        subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True)
        return time.monotonic() - started
