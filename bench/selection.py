"""Choosing targets among 20,000 pods, beside chaostoolkit-kubernetes' own choice: time and memory.

Both choose in processes of their own, from the same API, one after the other. The figures are of the choice alone: the
interpreter has started and the libraries are imported before the clock runs; memory is the process' peak, all included.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import count, islice

from bench.result import Result, result
from lab.kubeclient import ApiError, Document, KubeClient
from tests.lab.labs import Lab, a_lab

PODS = 20_000
SENDERS = 8
RUNS = 3
NOBODY = "mlchaos-bench-nobody"  # a scheduler that does not exist: no kubelet gets these pods
PATH = "/api/v1/namespaces/bench/pods"
PEER = "chaostoolkit-kubernetes' _select_pods"

MEASURE = """
import resource, sys, time
{prepare}
started = time.perf_counter()
{choose}
seconds = time.perf_counter() - started
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
OURS = MEASURE.format(
    prepare="""
import kubernetes.client
from actions.choice import Choice
from actions.selection.arguments import PodSelection
from actions.selection.picking import pick_pods
from clients.kube import Kube
""",
    choose="""
with Kube() as kube:
    wanted = PodSelection(namespace="bench", label_selector="app=bench", count=2)
    picked = pick_pods(kube, wanted, Choice(7))
    assert picked.candidates == 20000 and len(picked.pods) == 2, picked
""",
)
THEIRS = MEASURE.format(
    prepare="""
from kubernetes import client, config
from chaosk8s.pod.actions import _select_pods
config.load_kube_config()
""",
    choose="""
pods = _select_pods(client.CoreV1Api(), label_selector="app=bench", ns="bench", rand=True, qty=2)
assert len(pods) == 2
""",
)


def measure() -> Iterator[Result]:
    with a_lab() as lab:
        lab.up("--bare")
        asyncio.run(_create_pods(lab))
        ours = [_choose(lab, OURS) for _ in range(RUNS)]
        theirs = [_choose(lab, THEIRS) for _ in range(RUNS)]
    rows = (("time", "s", 0, "at most 1/20 of the peer's"), ("peak memory", "MB", 1, "at most 1/5 of the peer's"))
    for name, unit, index, target in rows:
        mine, peers = [one[index] for one in ours], [one[index] for one in theirs]
        yield result(f"selection: 2 of {PODS} pods, {name}", mine, unit, PEER, peers, target)
        yield result(f"selection: {PEER}, {name}", peers, unit)


def _choose(lab: Lab, program: str) -> tuple[float, float]:
    """Seconds, and megabytes at the peak."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "KUBECONFIG": str(lab.directory.kubeconfig)},
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, kilobytes = done.stdout.split()
    return float(seconds), int(kilobytes) / 1024


def _pod(number: int) -> Document:
    """A pod of the size that pods of a Deployment have."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"pod-{number}",
            "labels": {"app": "bench", "shard": str(number % 100), "pod-template-hash": "5f7c9d8b6"},
        },
        "spec": {
            "schedulerName": NOBODY,
            "containers": [
                {
                    "name": "main",
                    "image": "registry.invalid/model-server:1.0",
                    "env": [{"name": f"SETTING_{index}", "value": str(index)} for index in range(10)],
                    "ports": [{"name": "http", "containerPort": 8000}],
                    "resources": {"requests": {"cpu": "1"}, "limits": {"nvidia.com/gpu": "1"}},
                }
            ],
        },
    }


STATUS = {
    "status": {
        "phase": "Running",
        "conditions": [
            {"type": kind, "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
            for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
        ],
        "containerStatuses": [
            {
                "name": "main",
                "image": "registry.invalid/model-server:1.0",
                "imageID": "none",
                "containerID": "none://0",
                "ready": True,
                "restartCount": 0,
                "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
            }
        ],
    }
}


async def _create_pods(lab: Lab) -> None:
    """All pods, running and ready, made by several senders of one client process."""
    numbers = islice(count(), PODS)

    async def send(api: KubeClient) -> None:
        for number in numbers:
            await api.create(PATH, _pod(number))
            await api.patch(f"{PATH}/pod-{number}/status", STATUS)

    async with KubeClient(lab.directory.kubeconfig) as api:
        with contextlib.suppress(ApiError):
            await api.create("/api/v1/namespaces", {"metadata": {"name": "bench"}})
        await asyncio.gather(*(send(api) for _ in range(SENDERS)))
