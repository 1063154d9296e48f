"""The embedded API with 10,000 pods in it."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count, islice

from bench.result import Result, result
from lab.kubeclient import ApiError, Document, KubeClient
from tests.lab.labs import Lab, a_lab
from tests.waiting import wait_for

PODS = 10_000
SENDERS = 8
CREATE_RUNS = 3
LIST_RUNS = 5
PATH = "/api/v1/namespaces/bench/pods"

LIST = """
import json, sys, time
import urllib3
url, token, authority, accept, runs = sys.argv[1:]
pool = urllib3.PoolManager(ca_certs=authority, headers={"Authorization": "Bearer " + token, "Accept": accept})
pool.request("GET", url)
for _ in range(int(runs)):
    started = time.perf_counter()
    items = json.loads(pool.request("GET", url).data)["items"]
    print(time.perf_counter() - started)
assert len(items) == (100 if "labelSelector" in url else 10000)
"""
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"

TYPED_LIST = """
import time
from kubernetes import client, config
config.load_kube_config()
core = client.CoreV1Api()
for _ in range(3):
    started = time.perf_counter()
    assert len(core.list_namespaced_pod("bench").items) == 10000
    print(time.perf_counter() - started)
"""


def measure() -> Iterator[Result]:
    with a_lab() as lab:
        lab.up("--bare")
        rates = []
        for run in range(CREATE_RUNS):
            rates.append(PODS / asyncio.run(_create_pods(lab)))
            if run < CREATE_RUNS - 1:
                _delete_pods(lab)
        yield result(f"API: creates ({PODS} pods, {SENDERS} senders)", rates, "1/s")
        typed = _seconds(lab, TYPED_LIST)
        peer = "the official client's typed list"
        for name, path, accept in (
            (f"API: metadata-only list of {PODS} pods", PATH, METADATA_ONLY),
            (f"API: full JSON list of {PODS} pods", PATH, "application/json"),
            (f"API: label selector, 100 of {PODS} pods", PATH + "?labelSelector=shard%3D7", METADATA_ONLY),
        ):
            yield result(name, _list(lab, path, accept), "s", peer, typed)


def _list(lab: Lab, path: str, accept: str) -> list[float]:
    """Seconds to fetch and decode a list, in a process of its own."""
    url = f"https://127.{lab.octet}.0.1:6443{path}"
    token = (lab.directory.root / "token").read_text().strip()
    return _seconds(lab, LIST, url, token, str(lab.directory.root / "ca.crt"), accept, str(LIST_RUNS))


def _seconds(lab: Lab, program: str, *arguments: str) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "KUBECONFIG": str(lab.directory.kubeconfig)},
        check=True,
        capture_output=True,
        text=True,
    )
    return [float(line) for line in done.stdout.split()]


def _pod(number: int) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"pod-{number}", "labels": {"app": "bench", "shard": str(number % 100)}},
        "spec": {
            "nodeName": f"nowhere-{number % 50}",
            "containers": [{"name": "main", "image": "none", "env": [{"name": "A", "value": "1"}]}],
        },
    }


async def _create_pods(lab: Lab) -> float:
    """Seconds until all pods are there; the senders share one client process."""
    numbers = islice(count(), PODS)

    async def send(api: KubeClient) -> None:
        for number in numbers:
            await api.create(PATH, _pod(number))

    async with KubeClient(lab.directory.kubeconfig) as api:
        with contextlib.suppress(ApiError):  # there from the run before
            await api.create("/api/v1/namespaces", {"metadata": {"name": "bench"}})
        started = time.perf_counter()
        await asyncio.gather(*(send(api) for _ in range(SENDERS)))
        return time.perf_counter() - started


def _delete_pods(lab: Lab) -> None:
    lab.api(PATH + "?gracePeriodSeconds=0", "DELETE")
    wait_for(lambda: not json.loads(lab.api(PATH + "?limit=1"))["items"], 60)
