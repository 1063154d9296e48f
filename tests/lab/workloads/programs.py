"""Running the real workloads for a test: as processes, on addresses that nobody else uses."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lab.certificates import CertificateAuthority, issue_server
from lab.network import LabNetwork
from lab.processes import die_with_parent
from tests.waiting import wait_for

SERVER_NAME = "gateway.ml-serving.svc"
START_SECONDS = 30  # on a machine that is busy with other tests
END_SECONDS = 15  # ends a test of a program that does not end


@dataclass(slots=True)
class Program:
    """One running workload; `ip` is its POD_IP."""

    name: str
    ip: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def logs(self) -> str:
        return self.log.read_text()

    def ended(self) -> bool:
        return self.process.poll() is not None

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        self.process.wait(timeout=END_SECONDS)

    def child(self) -> int:
        """Process id of its only child."""
        (pid,) = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(pid)

    def metrics(self, port: int) -> "Metrics":
        with urllib.request.urlopen(f"http://{self.ip}:{port}/metrics", timeout=30) as answer:
            return Metrics(answer.read().decode())


class Metrics:
    """What a program exposed at one moment."""

    def __init__(self, text: str) -> None:
        self._values = {match[1]: float(match[2]) for match in re.finditer(r"^([^#\s].*) (\S+)$", text, re.MULTILINE)}

    def get(self, name: str, **labels: str) -> float:
        """The value of a series, 0 when there is none; labels as exposed, in the order of their names."""
        inner = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
        return self._values.get(f"{name}{{{inner}}}" if inner else name, 0.0)


@contextlib.contextmanager
def program(name: str, ip: str, directory: Path, ready_url: str = "", **environment: str) -> Iterator[Program]:
    """Run `python -m lab.workloads.<name>` until the block ends; waits until `ready_url` answers."""
    log = directory / f"{name}-{ip}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            die_with_parent([sys.executable, "-m", f"lab.workloads.{name}"]),
            env={**os.environ, "POD_IP": ip, **environment},
            stderr=output,
            stdout=output,
        )
    running = Program(name, ip, process, log)
    try:
        if ready_url:
            wait_for(lambda: running.ended() or answers(ready_url), START_SECONDS)
            assert not running.ended(), running.logs()
        yield running
    finally:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    """Whether there is an HTTP answer at all, or for https a listening port."""
    try:
        with urllib.request.urlopen(url, timeout=30):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def get(url: str) -> tuple[int, str]:
    """Status and body of a GET."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def post(url: str, body: object) -> tuple[int, str]:
    """Status and body of a POST of JSON."""
    request = urllib.request.Request(url, data=json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def pod_ip(octet: int, number: int) -> str:
    """Address of pod `number` (from 1) of a lab."""
    return str(LabNetwork(octet).pod_range(0)[number])


def write_certificate(
    directory: Path,
    authority: CertificateAuthority,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    name: str = SERVER_NAME,
) -> None:
    """Write tls.crt, tls.key and ca.crt as the Secrets of the lab's servers have them."""
    issued = issue_server(authority, [name], not_before, not_after)
    for name, content in (
        ("tls.crt", issued.certificate_pem),
        ("tls.key", issued.key_pem),
        ("ca.crt", authority.certificate_pem),
    ):
        (directory / name).write_bytes(content)


def llm(ip: str, directory: Path, **environment: str) -> contextlib.AbstractContextManager[Program]:
    return program("llm", ip, directory, f"http://{ip}:8000/health", **environment)


def gateway(
    ip: str, directory: Path, llm_url: str, environment: Mapping[str, str] | None = None
) -> contextlib.AbstractContextManager[Program]:
    """A gateway with the certificate in `directory`; no ranker unless the environment names one."""
    settings = {"MOUNT_ETC_TLS": str(directory), "LLM_URL": llm_url, "RANKER_URL": f"http://{ip}:1"}
    settings |= environment or {}
    return program("gateway", ip, directory, f"http://{ip}:9464/healthz", **settings)
