"""A small cluster for tests: a real API server, kubelets as processes, and plain requests to both."""

import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from lab.kubeclient import Document
from lab.network import LabNetwork
from lab.processes import carrying, die_with_parent
from tests.lab.apiserver_process import running_apiserver

T = TypeVar("T")
NODE = "node-0"
PODS = "/api/v1/namespaces/default/pods"


def wait_for(check: Callable[[], T | None], what: str, seconds: float = 20.0) -> T:
    """The first truthy answer of `check`; AssertionError with `what` if there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        if answer := check():
            return answer
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


class Cluster:
    """One API server and the kubelets that a test starts."""

    def __init__(self, octet: int, directory: Path, kubeconfig: Path) -> None:
        self.network = LabNetwork(octet)
        self.directory, self.kubeconfig = directory, kubeconfig
        self.token = (directory / "token").read_text().strip()
        self.kubelets: list[subprocess.Popen[bytes]] = []
        self._tls = ssl.create_default_context(cafile=str(directory / "ca.crt"))

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig), "MLCHAOS_LAB": f"test-{self.network.octet}"}

    @property
    def root(self) -> Path:
        return self.directory / NODE

    def start_kubelet(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start the kubelet of node-0 and wait until it is of use."""
        process = self.spawn_kubelet(*arguments)
        wait_for(self.kubelet_is_up, "the kubelet serves")
        return process

    def spawn_kubelet(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [
            *(sys.executable, "-m", "lab.kubelet", "--node", NODE, "--node-ip", self.network.node_ip(0)),
            *("--pod-cidr", str(self.network.pod_range(0)), "--root", str(self.root)),
            *("--token-file", str(self.directory / "token"), "--gpus", "2", *arguments),
        ]
        with (self.directory / f"kubelet-{len(self.kubelets)}.log").open("wb") as log:
            process = subprocess.Popen(die_with_parent(command), stderr=log, env=self.environment)
        self.kubelets.append(process)
        return process

    def kubelet_is_up(self) -> bool:
        try:
            return self.kubelet("/healthz")[0] == 200
        except OSError:
            return False

    def stop(self) -> None:
        for process in self.kubelets:
            process.kill()
            process.wait()

    def request(self, method: str, path: str, body: Document | None = None, content: str = "application/json") -> Any:
        """The decoded answer of the API server; None for 404."""
        request = urllib.request.Request(
            self.network.api_url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": content},
        )
        try:
            with urllib.request.urlopen(request, context=self._tls, timeout=10) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error

    def kubelet(self, path: str, token: str | None = None) -> tuple[int, str]:
        """Status and text of a request to the kubelet itself."""
        url = f"http://{self.network.node_ip(0)}:10250{path}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token or self.token}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    # --- pods ---

    def run(self, name: str, *containers: Document, **spec: Any) -> Document:
        """Create a pod on node-0."""
        pod = {
            "metadata": {"name": name, "labels": {"app": name}},
            "spec": {"nodeName": NODE, "terminationGracePeriodSeconds": 1, "containers": list(containers), **spec},
        }
        made: Document = self.request("POST", PODS, pod)
        return made

    def pod(self, name: str) -> Document | None:
        found: Document | None = self.request("GET", f"{PODS}/{name}")
        return found

    def status(self, name: str) -> Document:
        pod = self.pod(name)
        assert pod is not None, f"pod {name} is gone"
        status: Document = pod["status"]
        return status

    def container(self, name: str) -> Document:
        """The status of the pod's only container; empty until there is one."""
        return next(iter(self.status(name).get("containerStatuses") or []), {})

    def delete(self, name: str, **options: Any) -> None:
        self.request("DELETE", f"{PODS}/{name}", options)

    def clear(self) -> None:
        """Remove every pod and what else tests make, and wait until the node has forgotten them."""
        for path in (PODS, "/api/v1/namespaces/default/configmaps", "/api/v1/namespaces/default/secrets"):
            for item in self.request("GET", path)["items"]:
                self.request("DELETE", f"{path}/{item['metadata']['name']}", {"gracePeriodSeconds": 0})
        pods = self.root / "pods"
        wait_for(lambda: not pods.exists() or not list(pods.iterdir()), "nothing is left on the node")

    def until_running(self, name: str) -> Document:
        return wait_for(lambda: self.container(name).get("state", {}).get("running"), f"{name} runs")

    def until_gone(self, name: str) -> None:
        wait_for(lambda: self.pod(name) is None, f"{name} is gone")

    def until_ready(self, name: str) -> None:
        wait_for(lambda: self.container(name).get("ready"), f"{name} is ready")

    def logs(self, name: str, query: str = "") -> str:
        code, text = self.kubelet(f"/containerLogs/default/{name}/main?{query}")
        assert code == 200, text
        return text

    def until_logged(self, name: str, text: str) -> None:
        self.until_running(name)
        wait_for(lambda: text in self.logs(name), f"{name} logs {text!r}")

    # --- processes ---

    def processes(self, uid: str) -> list[int]:
        """Every process of a pod, wherever it has gone."""
        return carrying(f"MLCHAOS_POD_UID={uid}")

    @contextmanager
    def api_server_stopped(self) -> Iterator[None]:
        """The API server answers nobody meanwhile (and keeps what it has in memory)."""
        pid = next(
            pid for pid in carrying(f"MLCHAOS_LAB=test-{self.network.octet}") if b"lab.apiserver" in _command(pid)
        )
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def shell(script: str, name: str = "main", **more: Any) -> Document:
    """A container that runs a shell script."""
    return {"name": name, "image": "none", "command": ["sh", "-c", script], **more}


@contextmanager
def a_cluster(octet: int, directory: Path) -> Iterator[Cluster]:
    with running_apiserver(octet, directory) as kubeconfig:
        cluster = Cluster(octet, directory, kubeconfig)
        try:
            yield cluster
        finally:
            cluster.stop()
            for pid in carrying(f"MLCHAOS_NODE_ROOT={cluster.root}"):
                with suppress(ProcessLookupError):  # it has ended by itself
                    os.kill(pid, signal.SIGKILL)
