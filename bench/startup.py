"""What mlchaos adds to the start of the `chaos` program."""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

from bench.result import Result, result
from tests.lab.labs import CHAOS

RUNS = 15

PLAIN = """
import importlib.metadata as metadata, sys
real = metadata.entry_points
metadata.entry_points = lambda **wanted: (
    metadata.EntryPoints() if wanted.get("group") == "chaostoolkit.cli_plugins" else real(**wanted))
sys.argv = ["chaos", "--help"]
from chaostoolkit.__main__ import cli
cli()
"""
"""Chaos Toolkit in the same environment, without any plug-in."""


def measure() -> Iterator[Result]:
    plain = [sys.executable, "-c", PLAIN]
    for arguments in (["--help"], ["lab", "--help"]):
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(RUNS):  # in turn, so that both see the same machine
            theirs.append(_seconds(plain))
            ours.append(_seconds([str(CHAOS), "--no-version-check", "--no-log-file", *arguments]))
        name = "chaos " + " ".join(arguments)
        yield result(name, ours, "s", "plain Chaos Toolkit's chaos --help", theirs, "ratio <= 1.3")


def _seconds(command: Sequence[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started
