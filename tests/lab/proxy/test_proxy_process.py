"""The proxy as a process, following a real API server."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from lab.kubeclient import Document
from lab.processes import die_with_parent
from tests.lab.kubelet.cluster import Cluster, a_cluster, wait_for

pytestmark = pytest.mark.lab
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
SERVICES = "/api/v1/namespaces/default/services"


@pytest.fixture
def cluster(lab_octet: int, tmp_path: Path) -> Iterator[Cluster]:
    with a_cluster(lab_octet, tmp_path) as cluster:
        yield cluster


@pytest.fixture
def proxy(cluster: Cluster) -> Iterator[subprocess.Popen[bytes]]:
    with (cluster.directory / "proxy.log").open("wb") as log:
        process = subprocess.Popen(
            die_with_parent([sys.executable, "-m", "lab.proxy"]), stderr=log, env=cluster.environment
        )
    yield process
    process.kill()
    process.wait()


def answer(address: tuple[str, int]) -> bytes:
    """What the Service says; empty if it refuses or resets."""
    try:
        with socket.create_connection(address, 2) as client:
            return client.recv(100)
    except OSError:
        return b""


def endpoint_slice(host: str, ready: bool) -> Document:
    return {
        "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [host], "conditions": {"ready": ready}}],
        "ports": [{"name": "", "port": 8000, "protocol": "TCP"}],
    }


def test_services_are_followed(cluster: Cluster, proxy: subprocess.Popen[bytes]) -> None:
    host = f"127.{cluster.network.octet}.16.2"
    with socket.create_server((host, 8000)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(b"hello")

        Thread(target=serve, daemon=True).start()
        made = cluster.request(
            "POST", SERVICES, {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80, "targetPort": 8000}]}}
        )
        front = (made["spec"]["clusterIP"], 80)
        cluster.request("POST", SLICES, endpoint_slice(host, ready=True))
        wait_for(lambda: answer(front) == b"hello", "the Service answers")
        cluster.request("PUT", f"{SLICES}/web-1", endpoint_slice(host, ready=False))
        wait_for(lambda: answer(front) == b"", "nobody answers")
        cluster.request("DELETE", f"{SERVICES}/web")

        def refused() -> bool:
            with socket.socket() as client:
                return client.connect_ex(front) != 0

        wait_for(refused, "nobody listens")
    proxy.terminate()
    assert proxy.wait(2) == 0
