"""A real API server for tests: a process of its own on an address of its own."""

import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.credentials import Credentials, credentials_in, write_credentials
from lab.network import LabNetwork
from lab.processes import die_with_parent

START_SECONDS = 20.0


@contextmanager
def running_apiserver(octet: int, directory: Path, *arguments: str) -> Iterator[Path]:
    """Start `python -m lab.apiserver` on 127.<octet>.0.1:6443 and give the path of its kubeconfig.

    Credentials and the server's log (apiserver.log) are left in `directory`; `arguments` are added to the command line.
    """
    with started_apiserver(octet, directory, *arguments):
        yield credentials_in(directory).kubeconfig


@contextmanager
def started_apiserver(octet: int, directory: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """The same, for tests of the process itself."""
    network = LabNetwork(octet)
    credentials = write_credentials(directory, network)
    log_path = directory / "apiserver.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            die_with_parent(_command(network, credentials, arguments)),
            stderr=log,
            env={**os.environ, "KUBECONFIG": str(credentials.kubeconfig), "MLCHAOS_LAB": f"test-{octet}"},
        )
    try:
        _wait_until_ready(network, credentials, process, log_path)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _command(network: LabNetwork, credentials: Credentials, arguments: tuple[str, ...]) -> list[str]:
    return [
        *(sys.executable, "-m", "lab.apiserver"),
        *("--host", network.infra_ip, "--port", "6443"),
        *("--tls-cert", str(credentials.api_certificate), "--tls-key", str(credentials.api_key)),
        *("--token-file", str(credentials.token)),
        *("--service-cidr", str(network.service_range)),
        *arguments,
    ]


def _wait_until_ready(
    network: LabNetwork, credentials: Credentials, process: subprocess.Popen[bytes], log_path: Path
) -> None:
    context = ssl.create_default_context(cafile=str(credentials.ca_certificate))
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{network.api_url}/readyz", context=context, timeout=2):
                return
        except (urllib.error.URLError, OSError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the API server did not become ready: {error}\n{log_path.read_text()}") from error
            time.sleep(0.02)
