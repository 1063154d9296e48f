"""The same reaction for real faults, on a bare lab (API server, controllers, kubelets) and a real Toxiproxy.

From the breach being visible in Prometheus to the fault seen to be gone and written down as undone: what the run itself
notes, which comes somewhat later than the fault goes.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.result import Result, result
from tests.actions.network.real_path import real_path
from tests.crash.ground import NAMESPACE, populate
from tests.guard.slo_prometheus import SloScript, slo_prometheus
from tests.guard.stage import Program, Stage, python
from tests.lab.labs import a_lab
from tests.octets import reserved_octet

RUNS = 10
RADIUS: Mapping[str, Any] = {
    "namespaces": [NAMESPACE],
    "pods": {"max": 5, "percent": 100},
    "nodes": {"max": 1},
    "gpus": {"max": 8},
    "paths": {"max": 1},
    "secrets": {"max": 1},
    "error_budget": {"max_spend": "100%"},
    "duration": "1m",
}


@dataclass(frozen=True, slots=True)
class Family:
    """A fault, and where it finds its target."""

    name: str
    arguments: Mapping[str, Any]
    environment: Mapping[str, str] = field(default_factory=dict)


def measure() -> Iterator[Result]:
    program = Program()
    with tempfile.TemporaryDirectory() as directory:
        with reserved_octet() as octet, real_path(octet) as path:
            arguments = {"toxiproxy_url": path.url, "proxies": ["llm"], "latency_ms": 200}
            yield from _reaction(program, Path(directory), Family("network.latency", arguments))
        with a_lab() as lab:
            lab.up("--bare")
            populate(lab)
            environment = {**lab.environment(), "MLCHAOS_LEDGER": "kubernetes"}
            frozen = {"namespace": NAMESPACE, "label_selector": "app=frozen", "count": 1}
            for family in (
                Family("nodes.cordon", {"names": ["cpu-b"]}, environment),
                Family("certificates.expired", {"namespace": NAMESPACE, "secret": "crash-tls"}, environment),
                Family("pods.freeze", frozen, environment),
            ):
                yield from _reaction(program, Path(directory), family)
    program.close()


def _reaction(program: Program, directory: Path, family: Family) -> Iterator[Result]:
    seconds = [_once(program, directory / f"{family.name}-{number}", family, number) for number in range(RUNS)]
    what = f"breach visible to {family.name} seen undone"
    yield result(f"{what}: median", seconds, "s", target="< 0.5 s")
    yield result(f"{what}: p99", [statistics.quantiles(seconds, n=100, method="inclusive")[98]], "s", target="< 1 s")


def _once(program: Program, place: Path, family: Family, number: int) -> float:
    place.mkdir()
    script = SloScript()
    module, _, function = family.name.rpartition(".")
    with slo_prometheus(script) as url:
        stage = Stage(program, place, script, url)
        stage.environment |= {**family.environment, "PROMETHEUS_URL": url}
        stage.guard["recover_within"] = "1s"
        stage.guard["blast_radius"] = dict(RADIUS)
        stage.experiment["method"][0] = python(
            "break", f"actions.{module}", function, "action", **dict(family.arguments)
        )
        running = stage.start()
        stage.until("blocked", running)
        time.sleep(0.25 * number / RUNS)  # not in step with the guard's own polls
        script.error_ratio = 0.5
        breached_at = time.time()
        while running.poll(0.05) is None:
            if time.time() - breached_at > 1:  # so that the SLOs recover, and the run ends
                script.error_ratio = 0.0
        ended = stage.finish(running)
    (broken,) = ended.journal["mlchaos"]["faults"]
    if broken["undone_at"] is None:
        raise RuntimeError(f"{family.name} did not come out: {ended.said}")
    return float(broken["undone_at"]) - breached_at
