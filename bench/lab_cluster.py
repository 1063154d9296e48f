"""The lab: how soon it is ready, how large it is, how soon it replaces what a lost node takes along."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.result import Result, result
from tests.lab.labs import Lab, a_lab
from tests.waiting import wait_for

RUNS = 5
NAMESPACE = "/apis/apps/v1/namespaces/default/deployments"


def measure() -> Iterator[Result]:
    ready: list[float] = []
    memory: list[float] = []
    down: list[float] = []
    for _ in range(RUNS):
        with a_lab() as lab:
            lab.up()
            seconds = lab.state().ready_after
            assert seconds is not None
            ready.append(seconds)
            memory.append(_resident_bytes(lab) / 1e9)
            started = time.perf_counter()
            lab.command("down")
            down.append(time.perf_counter() - started)
    yield result("lab: ready, every workload serving", ready, "s", target="< 15")
    yield result("lab: resident memory, all processes added up", memory, "GB", target="< 1.5")
    yield result("lab: down", down, "s")
    yield from _node_loss()


def _resident_bytes(lab: Lab) -> int:
    """The sum over all processes; pages that they share are counted in each of them."""
    total = 0
    for pid in [lab.component_pid("supervisor"), *lab.processes()]:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1]) * 1024
    return total


def _node_loss() -> Iterator[Result]:
    """A Deployment of six on the two CPU nodes; one of them is lost, and its pods become ready on the other."""
    not_ready: list[float] = []
    replaced: list[float] = []
    with a_lab() as lab:
        lab.up("--bare")
        lab.create(NAMESPACE, _deployment())
        for _ in range(RUNS):
            wait_for(lambda: len(_nodes(lab)) == 6 and set(_nodes(lab)) == {"cpu-a", "cpu-b"}, 60)
            started = time.perf_counter()
            lab.command("stop", "cpu-b")
            wait_for(lambda: _node_condition(lab, "cpu-b") != "True", 60, every=0.05)
            not_ready.append(time.perf_counter() - started)
            wait_for(lambda: _nodes(lab) == ["cpu-a"] * 6, 60, every=0.05)
            replaced.append(time.perf_counter() - started)
            lab.command("start", "cpu-b")
            wait_for(lambda: _node_condition(lab, "cpu-b") == "True", 60)
            for pod in _ready_pods(lab)[:3]:  # half of them go back to the node that returned
                lab.api(f"/api/v1/namespaces/default/pods/{pod.name}?gracePeriodSeconds=0", "DELETE")
    yield result("lab: lost node is NotReady", not_ready, "s", target="< 5")
    yield result("lab: lost node's pods ready elsewhere", replaced, "s")


def _deployment() -> dict[str, object]:
    labels = {"app": "bench"}
    container = {"name": "main", "image": "none", "command": ["sleep", "3600"]}
    spread = {
        "maxSkew": 6,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "bench"},
        "spec": {
            "replicas": 6,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], "topologySpreadConstraints": [spread]},
            },
        },
    }


@dataclass(frozen=True, slots=True)
class _Pod:
    name: str
    node: str


def _ready_pods(lab: Lab) -> list[_Pod]:
    pods = json.loads(lab.api("/api/v1/namespaces/default/pods?labelSelector=app%3Dbench"))["items"]
    return [
        _Pod(pod["metadata"]["name"], pod["spec"]["nodeName"])
        for pod in pods
        if "deletionTimestamp" not in pod["metadata"]
        and any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))
    ]


def _nodes(lab: Lab) -> list[str]:
    """Where the ready pods are, one name for each."""
    return [pod.node for pod in _ready_pods(lab)]


def _node_condition(lab: Lab, name: str) -> str:
    conditions = json.loads(lab.api(f"/api/v1/nodes/{name}"))["status"]["conditions"]
    return next(str(condition["status"]) for condition in conditions if condition["type"] == "Ready")
