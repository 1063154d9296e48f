"""The ranker as a process, with a real Redis."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.network import LabNetwork
from lab.processes import die_with_parent
from lab.servers import BRING, REDIS, find
from tests.lab.workloads import programs
from tests.lab.workloads.programs import Program
from tests.waiting import wait_for

pytestmark = pytest.mark.lab

REQUEST = {
    "inputs": [
        {"name": "user_id", "shape": [1], "datatype": "INT64", "data": [5]},
        {"name": "item_ids", "shape": [3], "datatype": "INT64", "data": [1, 2, 999999]},
    ]
}
LABELS = {"model": "ranker", "version": "1"}


@contextmanager
def redis(octet: int, directory: Path) -> Iterator["subprocess.Popen[bytes]"]:
    binary = find(REDIS)
    if binary is None:
        pytest.skip(f"redis-server is not on this machine; bring it with: {BRING}")
    command = REDIS.command(binary, LabNetwork(octet), directory)
    with subprocess.Popen(die_with_parent(command), stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def ranker(octet: int, number: int, directory: Path) -> Iterator[Program]:
    host, port = LabNetwork(octet).redis_address
    ip = programs.pod_ip(octet, number)
    ready = f"http://{ip}:8080/v2/health/ready"
    with programs.program("ranker", ip, directory, ready, FEATURES_ADDRESS=f"{host}:{port}") as running:
        wait_for(lambda: programs.get(ready)[0] == 200, programs.START_SECONDS)
        yield running


def infer(ranker: Program) -> tuple[int, str]:
    return programs.post(f"http://{ranker.ip}:8080/v2/models/ranker/infer", REQUEST)


def test_replicas_give_the_same_scores_from_fresh_features(lab_octet: int, tmp_path: Path) -> None:
    with redis(lab_octet, tmp_path), ranker(lab_octet, 1, tmp_path) as one, ranker(lab_octet, 2, tmp_path) as other:
        answers = [infer(replica) for replica in (one, other)]
        assert [status for status, _ in answers] == [200, 200]
        first, second = (json.loads(body)["outputs"][0]["data"] for _, body in answers)
        assert first == second
        assert len(first) == 3
        assert all(0 < score < 1 for score in first)
        metrics = one.metrics(8080)
        assert metrics.get("nv_inference_request_success", **LABELS) == 1
        assert metrics.get("nv_inference_request_failure", reason="BACKEND", **LABELS) == 0
        assert metrics.get("feature_unknown_ids_total") == 1

        def age() -> float:
            infer(one)
            return time.time() - one.metrics(8080).get("feature_last_update_timestamp_seconds")

        before = time.time() - age()
        wait_for(lambda: time.time() - age() > before + 0.5)  # the features are refreshed while it runs


def test_a_hung_store_is_a_503_and_no_reason_to_lose_the_replica(lab_octet: int, tmp_path: Path) -> None:
    with redis(lab_octet, tmp_path) as store, ranker(lab_octet, 1, tmp_path) as running:
        assert infer(running)[0] == 200
        os.kill(store.pid, signal.SIGSTOP)
        status, body = infer(running)  # while the store still hangs
        assert status == 503
        assert "within 0.25 s" in body
        assert programs.get(f"http://{running.ip}:8080/v2/health/ready")[0] == 200
        assert running.metrics(8080).get("nv_inference_request_failure", reason="BACKEND", **LABELS) == 1
        os.kill(store.pid, signal.SIGCONT)
        wait_for(lambda: infer(running)[0] == 200)
        store.kill()
        store.wait()
        assert infer(running)[0] == 503


def test_without_a_store_the_ranker_is_alive_and_says_why_it_is_not_ready(lab_octet: int, tmp_path: Path) -> None:
    ip = programs.pod_ip(lab_octet, 1)
    with programs.program("ranker", ip, tmp_path, f"http://{ip}:8080/v2/health/live") as running:
        assert programs.get(f"http://{ip}:8080/v2/health/live")[0] == 200
        status, body = programs.get(f"http://{ip}:8080/v2/health/ready")
        assert status == 503
        assert "FEATURES_ADDRESS is not set" in body
        assert infer(running)[0] == 503
        assert programs.get(f"http://{ip}:8080/v2/models/other")[0] == 404
        running.end()
        assert running.process.returncode == 0
