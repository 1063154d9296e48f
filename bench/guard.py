"""What the guard takes: time of its own while it watches, and until `chaos run` begins."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from bench.result import Result, result
from clients.prometheus import Prometheus
from probes.slo_watch import SloWatch
from runner.guarding.stops import Limits
from runner.guarding.watcher import Watcher
from runner.slo.files import CATALOG, load
from slos.model import Slo
from tests.guard.stage import python

ROOT = Path(__file__).parents[1]
SLOS = 20
SECONDS = 10.0
RUNS = 5
STARTS = 9
_NO_LIMITS = Limits(float("inf"), 60.0, float("inf"))


def measure() -> Iterator[Result]:
    slos = load((CATALOG,)).slos.slos[:SLOS]
    with _server(slos) as url:
        shares = [_watching(url, slos) for _ in range(RUNS)]
    yield result(f"guard watching {SLOS} SLOs every 0.25 s: share of one core", shares, "%", target="<= 2 %")
    with _server(slos[:1]) as url, tempfile.TemporaryDirectory() as directory:
        guarded, plain = [], []
        for _ in range(STARTS):  # in turn, so that both see the same machine
            plain.append(_start(Path(directory), url, None))
            guarded.append(_start(Path(directory), url, slos[0]))
    for index, what in enumerate(("wall", "CPU")):
        added = [ours[index] - theirs[index] for ours, theirs in zip(guarded, plain, strict=True)]
        yield result(
            f"chaos run with the guard, until the method begins, added to one without: {what}",
            added,
            "s",
            target="< 0.3 s",
        )


def _watching(url: str, slos: tuple[Slo, ...]) -> float:
    """CPU of this process in percent of the time; it does nothing else."""
    with Prometheus(url) as prometheus:
        watcher = Watcher(SloWatch(prometheus, slos, 60.0, 60.0), _NO_LIMITS, lambda _stop: None, lambda: 1.0)
        watcher.start()
        watcher.newer_than(0, 30)
        cpu, wall = time.process_time(), time.monotonic()
        time.sleep(SECONDS)
        share = (time.process_time() - cpu) / (time.monotonic() - wall)
        watcher.close()
    return 100 * share


def _start(directory: Path, url: str, slo: Slo | None) -> tuple[float, float]:
    """Seconds and CPU seconds until the first activity of the method begins.

    What is fair: both runs have the same hypothesis, which asks the same Prometheus through the same client, the same
    method, and the fault's module with all that it needs. Without the guard the fault refuses, so that a plain action
    does the same; control and guard's block are all else that is left out.
    """
    file, marker = directory / "experiment.yaml", directory / "begun"
    marker.unlink(missing_ok=True)
    file.write_text(yaml.safe_dump(_experiment(slo, directory, url)))
    environment = os.environ | {"PROMETHEUS_URL": url, "MLCHAOS_LEDGER": "local", "MLCHAOS_STATE_DIR": str(directory)}
    command = [sys.executable, "-m", "tests.guard.once", "--no-version-check", "--no-log-file", "run", str(file)]
    started = time.time()
    subprocess.run(
        command, cwd=directory, check=False, capture_output=True, env=environment | {"PYTHONPATH": str(ROOT)}
    )
    begun, cpu = marker.read_text().split()
    return float(begun) - started, float(cpu)


def _experiment(slo: Slo | None, directory: Path, url: str) -> dict[str, object]:
    """A fault of the tests under the guard, or what it does without one."""
    asked = python("asked", "tests.guard.activities", "asked", url=url) | {"tolerance": True}
    plain: dict[str, object] = {
        "title": "plain",
        "description": "plain",
        "runtime": {"rollbacks": {"strategy": "always"}},
        "steady-state-hypothesis": {"title": "Prometheus answers", "probes": [asked]},
        "method": [
            python("begin", "tests.guard.activities", "begun", marker=str(directory / "begun")),
            python("break", "tests.guard.activities", "note", "action", marker=str(directory / "broken")),
        ],
    }
    if slo is None:
        return plain
    method = plain["method"]
    assert isinstance(method, list)
    return plain | {
        "controls": [{"name": "guard", "provider": {"type": "python", "module": "runner.guard"}}],
        "extensions": [
            {
                "name": "guard",
                "slos": [slo.name],
                "blast_radius": {"namespaces": ["nowhere"], "paths": {"max": 1}, "duration": "1m"},
                "admit": {"budget_left": "0%"},
                "abort_when": {"burn_rate": 1.01, "window": "10s"},
            }
        ],
        "method": [method[0], python("break", "actions.files_of_tests", "touch", "action", directory=str(directory))],
    }


@contextmanager
def _server(slos: tuple[Slo, ...]) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.guard_server", *(slo.name for slo in slos)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.stdin.close()
