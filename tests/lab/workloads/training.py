"""The real training job for a test: a store with TLS and its ranks, as processes on addresses of their own."""

import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from lab.certificates import issue_ca
from lab.network import LabNetwork
from lab.processes import die_with_parent
from lab.workloads.trainer.checkpoint import Checkpoint, decode
from lab.workloads.trainer.record import RunRecord
from tests.lab.workloads.programs import write_certificate

STEP_SECONDS = 0.05
EVERY = 10


class Cluster:
    """A store and the ranks of a job, each on its pod's address."""

    def __init__(self, octet: int, directory: Path, world_size: int = 2) -> None:
        network = LabNetwork(octet)
        self.world_size = world_size
        self.directory = directory
        self.store_ip = str(network.pod_range(0)[5])
        self.rank_ips = [str(network.pod_range(1 + rank)[5]) for rank in range(world_size)]
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._authority = issue_ca("training")
        self._tls = directory / "tls"
        self._tls.mkdir()
        self.renew_certificate()
        self._trust = ssl.create_default_context(cafile=self._tls / "ca.crt")

    def renew_certificate(self) -> None:
        """Give the store a certificate that its ranks trust."""
        write_certificate(self._tls, self._authority, name=self.store_ip)

    def expire_certificate(self) -> None:
        """Give the store one whose time is over."""
        ended = datetime.now(UTC) - timedelta(hours=1)
        write_certificate(self._tls, self._authority, ended - timedelta(days=1), ended, self.store_ip)

    def start_store(self) -> None:
        directory = self.directory / "objects"
        directory.mkdir(exist_ok=True)
        places = {"STORE_DIR": str(directory), "MOUNT_ETC_TLS": str(self._tls)}
        self._start("store", "lab.workloads.store", POD_IP=self.store_ip, **places)

    def start_rank(self, rank: int, **environment: str) -> None:
        defaults = {
            "POD_IP": self.rank_ips[rank],
            "JOB_COMPLETION_INDEX": str(rank),
            "WORLD_SIZE": str(self.world_size),
            "TRAINER_SERVICE_HOST": self.rank_ips[0],
            "TRAINER_SERVICE_PORT": "29500",
            "CHECKPOINT_URL": f"https://{self.store_ip}:8333",
            "MOUNT_ETC_STORE_CA": str(self._tls),
            "CHECKPOINT_EVERY_STEPS": str(EVERY),
            "STEP_SECONDS": str(STEP_SECONDS),
            "ALLREDUCE_TIMEOUT_SECONDS": "2",
        }
        self._start(f"rank{rank}", "lab.workloads.trainer", **{**defaults, **environment})

    def start(self, **environment: str) -> None:
        self.start_store()
        for rank in range(self.world_size):
            self.start_rank(rank, **environment)

    def _start(self, name: str, module: str, **environment: str) -> None:
        with (self.directory / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                die_with_parent([sys.executable, "-m", module]), env={**os.environ, **environment}, stderr=log
            )

    def send(self, name: str, number: signal.Signals) -> None:
        self.processes[name].send_signal(number)

    def kill(self, name: str) -> None:
        self.send(name, signal.SIGKILL)
        self.processes[name].wait()

    def end(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()

    def metrics(self, rank: int) -> dict[str, float]:
        """Every sample of a rank; labels other than job and rank are appended to the name."""
        with urllib.request.urlopen(f"http://{self.rank_ips[rank]}:9464/metrics", timeout=15) as answer:
            text = answer.read().decode()
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return {".".join([sample.name, *_own_labels(sample.labels)]): sample.value for sample in samples}

    def value(self, rank: int, name: str) -> float:
        """A sample; not a number while the rank does not answer."""
        try:
            return self.metrics(rank)[f"mltrain_{name}"]
        except (OSError, KeyError):
            return float("nan")

    def latest(self) -> Checkpoint:
        """The checkpoint that the store's pointer points at."""
        key = json.loads(self._object("trainer/latest"))["key"]
        return decode(self._object(key))

    def latest_step(self) -> int:
        """Its step; -1 while the store is not to be trusted."""
        try:
            return self.latest().step
        except OSError:
            return -1

    def record(self) -> RunRecord:
        """The run's record in the store; one of no steps before there is any."""
        try:
            return RunRecord.from_document(json.loads(self._object("trainer/record", timeout=20)))
        except OSError:
            return RunRecord(started_at=0.0)

    def _object(self, key: str, timeout: float = 15) -> bytes:
        url = f"https://{self.store_ip}:8333/{key}"
        with urllib.request.urlopen(url, timeout=timeout, context=self._trust) as answer:
            content: bytes = answer.read()
        return content

    def logs(self, name: str) -> str:
        return (self.directory / f"{name}.log").read_text()


def _own_labels(labels: dict[str, str]) -> list[str]:
    return [value for name, value in sorted(labels.items()) if name not in ("job", "rank")]
