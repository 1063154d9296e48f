"""The embedded API with 10,000 pods in it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import urllib3

from bench.result import Result, result
from tests.lab.labs import Lab, a_lab

PODS = 10_000
SENDERS = 8
LIST_RUNS = 5
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
        pool = _pool(lab)
        _request(pool, lab, "POST", "/api/v1/namespaces", {"metadata": {"name": "bench"}})
        seconds = _create_pods(pool, lab)
        yield result(f"API: creates ({PODS} pods, {SENDERS} senders)", [PODS / seconds], "1/s")
        path = "/api/v1/namespaces/bench/pods"
        metadata = _timed(lambda: _list(pool, lab, path, METADATA_ONLY))
        full = _timed(lambda: _list(pool, lab, path, "application/json"))
        selected = _timed(lambda: _list(pool, lab, path + "?labelSelector=shard%3D7", METADATA_ONLY))
        typed = [
            float(line)
            for line in subprocess.run(
                [sys.executable, "-c", TYPED_LIST],
                env={**os.environ, **lab.environment()},
                check=True,
                capture_output=True,
                text=True,
            ).stdout.split()
        ]
        peer = "the official client's typed list"
        yield result(f"API: metadata-only list of {PODS} pods", metadata, "s", peer, typed)
        yield result(f"API: full JSON list of {PODS} pods", full, "s", peer, typed)
        yield result(f"API: label selector, 100 of {PODS} pods", selected, "s", peer, typed)


def _pool(lab: Lab) -> urllib3.PoolManager:
    token = (lab.directory.root / "token").read_text().strip()
    return urllib3.PoolManager(
        maxsize=SENDERS, ca_certs=str(lab.directory.root / "ca.crt"), headers={"Authorization": f"Bearer {token}"}
    )


def _request(
    pool: urllib3.PoolManager, lab: Lab, method: str, path: str, body: object = None, accept: str = "application/json"
) -> bytes:
    url = f"https://127.{lab.octet}.0.1:6443{path}"
    headers = {**pool.headers, "Accept": accept, "Content-Type": "application/json"}
    answer = pool.request(method, url, headers=headers, body=json.dumps(body) if body is not None else None)
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status} {answer.data[:300]!r}")
    return answer.data


def _pod(number: int) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"pod-{number}", "labels": {"app": "bench", "shard": str(number % 100)}},
        "spec": {
            "nodeName": f"nowhere-{number % 50}",
            "containers": [{"name": "main", "image": "none", "env": [{"name": "A", "value": "1"}]}],
        },
    }


def _create_pods(pool: urllib3.PoolManager, lab: Lab) -> float:
    started = time.perf_counter()

    def create(number: int) -> None:
        _request(pool, lab, "POST", "/api/v1/namespaces/bench/pods", _pod(number))

    with ThreadPoolExecutor(SENDERS) as senders:
        for _ in senders.map(create, range(PODS)):
            pass
    return time.perf_counter() - started


def _list(pool: urllib3.PoolManager, lab: Lab, path: str, accept: str) -> None:
    """Fetch and decode a whole list."""
    json.loads(_request(pool, lab, "GET", path, accept=accept))


def _timed(action: Callable[[], None]) -> list[float]:
    seconds = []
    for _ in range(LIST_RUNS):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return seconds
