"""From a breach that Prometheus shows to the fault gone, while the method is blocked in a long activity."""

import itertools
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from bench import reaction_families
from bench.result import Result, result
from tests.guard.slo_prometheus import SloScript, slo_prometheus
from tests.guard.stage import Program, Stage, python

RUNS = 25
PEER_RUNS = 3
PEER_BLOCKED_SECONDS = 8.0
WAIT_SECONDS = 120.0
POLL_SECONDS = 0.001


def measure() -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as directory:
        theirs = [_chaos_toolkit(Path(directory)) for _ in range(PEER_RUNS)]
        program = Program()
        ours = [_guarded(Path(directory), program, number) for number in range(RUNS)]
        program.close()
    what = "breach visible to fault gone, method blocked"
    peer = f"Chaos Toolkit's continuous hypothesis, fail-fast, every 0.25 s; activity of {PEER_BLOCKED_SECONDS:g} s"
    yield result(f"{what}: median", ours, "s", peer, theirs, "< 0.5 s")
    yield result(f"{what}: p99", [statistics.quantiles(ours, n=100, method="inclusive")[98]], "s", target="< 1 s")
    yield from reaction_families.measure()


def _guarded(directory: Path, program: Program, number: int) -> float:
    script = SloScript()
    place = directory / str(number)
    place.mkdir()
    with slo_prometheus(script) as url:
        stage = Stage(program, place, script, url)
        stage.guard["recover_within"] = "1s"
        running = stage.start()
        stage.until("blocked", running)
        # Not in step with the guard's own polls.
        time.sleep(0.25 * (number % 10) / 10)
        script.error_ratio = 0.5
        seconds = _gone(stage.path("broken"), time.monotonic())
        script.error_ratio = 0.0
        running.send_signal(signal.SIGTERM)
        stage.finish(running)
    return seconds


def _chaos_toolkit(directory: Path) -> float:
    """The same without us: the file is made by a plain action, and removed by a rollback."""
    for stale in ("broken", "marker"):
        (directory / stale).unlink(missing_ok=True)
    healthy = directory / "healthy"
    healthy.touch()
    probe = python("healthy", "os.path", "exists", path=str(healthy)) | {"tolerance": True}
    experiment = {
        "title": "plain",
        "description": "plain",
        "runtime": {"rollbacks": {"strategy": "always"}},
        "steady-state-hypothesis": {"title": "healthy", "probes": [probe]},
        "method": [
            python("break", "tests.guard.activities", "note", "action", marker=str(directory / "broken")),
            python(
                "block",
                "tests.guard.activities",
                "block",
                marker=str(directory / "marker"),
                seconds=PEER_BLOCKED_SECONDS,
            ),
        ],
        "rollbacks": [python("mend", "os", "unlink", "action", path=str(directory / "broken"))],
    }
    file = directory / "plain.yaml"
    file.write_text(yaml.safe_dump(experiment))
    options = ["--hypothesis-strategy", "continuously", "--hypothesis-frequency", "0.25", "--fail-fast"]
    command = [sys.executable, "-m", "tests.guard.once", "--no-version-check", "--no-log-file", "run", *options]
    with subprocess.Popen(
        [*command, str(file)], cwd=directory, stderr=subprocess.DEVNULL, env={"PYTHONPATH": str(Path.cwd())}
    ) as running:
        _until(directory / "marker")
        healthy.unlink()
        seconds = _gone(directory / "broken", time.monotonic())
        running.wait()
    return seconds


def _until(path: Path) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    for _ in itertools.count():
        if path.exists():
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path} did not appear")
        time.sleep(POLL_SECONDS)


def _gone(path: Path, since: float) -> float:
    while path.exists():
        if time.monotonic() - since > WAIT_SECONDS:
            raise TimeoutError(f"{path} did not go")
        time.sleep(POLL_SECONDS)
    return time.monotonic() - since
