"""The state of a thousand SLOs: how many queries it takes, and how much time of our own."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator

from bench.result import Result, result
from clients.prometheus import Prometheus
from runner.cli.slo.status_table import table
from runner.slo.status import read_statuses
from slos.budget.status import worst_first
from tests.lab.labs import CHAOS
from tests.recorded_slos import AT, AT_TEXT

COUNT = 1000
RUNS = 10
WIDTH = 120


def measure() -> Iterator[Result]:
    command = [sys.executable, "-m", "bench.recorded_prometheus", str(COUNT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        _read_once(url)  # the server, too, makes its answers only once
        before = _asked(server)
        cpu = [_read_once(url) for _ in range(RUNS)]
        queries = (_asked(server) - before) / RUNS
        program = [_program(url) for _ in range(RUNS)]
        server.stdin.close()
        server.terminate()
    what = f"status of {COUNT} SLOs"
    yield result(f"{what}: queries", [queries], "queries", target="<= 10")
    yield result(f"{what}: our own time (CPU), read to table", cpu, "s", target="< 1 s")
    yield result(f"chaos slo status of {COUNT} SLOs: CPU of the whole program", program, "s", target="< 1 s + start-up")


def _asked(server: "subprocess.Popen[str]") -> int:
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write("\n")
    server.stdin.flush()
    return int(server.stdout.readline())


def _read_once(url: str) -> float:
    """CPU seconds of this process, which does not count the waiting."""
    started = time.process_time()
    with Prometheus(url) as prometheus:
        statuses = worst_first(read_statuses(prometheus, AT))
    text = table(statuses, AT, WIDTH, lambda text, _: text)
    spent = time.process_time() - started
    assert len(statuses) == COUNT
    assert f"{COUNT} SLOs as of" in text
    return spent


def _program(url: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [str(CHAOS), "--no-version-check", "--no-log-file", "slo", "status", "--at", AT_TEXT]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PROMETHEUS_URL": url})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
