"""pods/log and pods/exec from kubectl through the API server and the kubelet to a process, and back."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.network import LabNetwork
from lab.processes import die_with_parent
from tests.lab.apiserver.kubectls import KUBECTLS, TERMINAL_COLUMNS, TERMINAL_ROWS, Kubectl, alive, eventually
from tests.lab.apiserver_process import running_apiserver

pytestmark = pytest.mark.lab

POD, NODE = "subject", "node-1"
COMMAND = "echo first; echo second; exec sleep 1000"
CONTAINER = {
    "name": "main",
    "image": "none",
    "command": ["sh", "-c", COMMAND],
    "env": [{"name": "COLOUR", "value": "green"}],
}
MANIFEST = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": POD, "namespace": "default"},
    "spec": {"nodeName": NODE, "containers": [CONTAINER]},
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """An API server, one node, one pod."""

    kubectl: Kubectl
    kubelet: "subprocess.Popen[bytes]"


@contextmanager
def running_kubelet(network: LabNetwork, directory: Path) -> Iterator["subprocess.Popen[bytes]"]:
    arguments = {
        "--node": NODE,
        "--node-ip": network.node_ip(0),
        "--pod-cidr": str(network.pod_range(0)),
        "--root": str(directory / NODE),
        "--token-file": str(directory / "token"),
    }
    environment = {**os.environ, "KUBECONFIG": str(directory / "kubeconfig"), "MLCHAOS_LAB": "test-streams"}
    command = [sys.executable, "-m", "lab.kubelet", *(word for pair in arguments.items() for word in pair)]
    with (directory / "kubelet.log").open("wb") as log:
        process = subprocess.Popen(die_with_parent(command), env=environment, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(params=KUBECTLS, ids=str)
def kubectl_path(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture(params=["websocket", "spdy"])
def cluster(request: pytest.FixtureRequest, kubectl_path: Path, tmp_path: Path, lab_octet: int) -> Iterator[Cluster]:
    network = LabNetwork(lab_octet)
    with running_apiserver(lab_octet, tmp_path) as kubeconfig, running_kubelet(network, tmp_path) as kubelet:
        kubectl = Kubectl(kubectl_path, kubeconfig, request.param == "websocket")
        created = kubectl.run("create", "--validate=false", "-f", "-", stdin=json.dumps(MANIFEST).encode())
        assert created.returncode == 0, created.stderr
        phase = ("get", "pod", POD, "-o", "jsonpath={.status.phase}")
        assert eventually(lambda: kubectl.run(*phase).stdout == b"Running"), (tmp_path / "kubelet.log").read_text()
        yield Cluster(kubectl, kubelet)


def test_streams_reach_the_container_until_its_node_is_lost(cluster: Cluster) -> None:
    # One cluster for the whole story: starting it takes longer than all of what it is asked.
    kubectl = cluster.kubectl

    done = kubectl.run("exec", POD, "--", "sh", "-c", "echo $COLOUR; echo err >&2; exit 7")
    assert (done.returncode, done.stdout) == (7, b"green\n")
    assert b"err\n" in done.stderr

    payload = os.urandom(1 << 20) * 4
    assert kubectl.run("exec", "-i", POD, "--", "cat", stdin=payload).stdout == payload

    terminal = (
        "exec",
        "-i",
        "-t",
        POD,
        "--",
        "sh",
        "-c",
        "read x; until stty size | grep -q [1-9]; do sleep 0.05; done; echo $x $(stty size); exit 3",
    )
    code, shown = kubectl.run_on_terminal("typed\n", *terminal)
    assert (code, f"typed {TERMINAL_ROWS} {TERMINAL_COLUMNS}" in shown) == (3, True), shown

    assert kubectl.run("logs", POD).stdout == b"first\nsecond\n"
    assert b"previous terminated container" in kubectl.run("logs", "--previous", POD).stderr

    follower = kubectl.start("logs", "-f", POD)
    running = kubectl.start("exec", POD, "--", "sh", "-c", "echo started; exec sleep 1000")
    assert follower.stdout is not None
    assert running.stdout is not None
    assert follower.stdout.readline() == b"first\n"
    assert running.stdout.readline() == b"started\n"
    cluster.kubelet.kill()
    assert running.wait(10) == 1
    assert follower.wait(10) == 1
    assert b"no answer from the kubelet" in kubectl.run("exec", POD, "--", "true").stderr


def test_a_command_is_stopped_in_its_container_when_its_client_goes_away(cluster: Cluster) -> None:
    client = cluster.kubectl.start("exec", POD, "--", "sh", "-c", f"echo started; exec sleep {os.getpid()}.25")
    assert client.stdout is not None
    client.stdout.readline()
    assert eventually(lambda: bool(sleepers(f"{os.getpid()}.25")))
    running = sleepers(f"{os.getpid()}.25")
    client.kill()
    client.communicate()
    assert eventually(lambda: not any(alive(pid) for pid in running))


def sleepers(seconds: str) -> list[int]:
    """Process ids of `sleep <seconds>`."""
    wanted = f"sleep\0{seconds}\0".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cmdline").read_bytes() == wanted:
                found.append(int(process.name))
        except OSError:  # it has ended meanwhile
            continue
    return found
