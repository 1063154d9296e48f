"""The real servers that run beside the lab's cluster: what each is, where it is found, how it is started."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.network import LabNetwork

BRING = "chaos lab servers --bring"
"""The command that brings whichever server is missing to this machine."""

TOXIPROXY_PACKAGE = "github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0"


@dataclass(frozen=True, slots=True)
class Server:
    """One real server. `command` gives its argument vector from (binary, network, working directory)."""

    name: str
    binaries: tuple[str, ...]
    """Names it goes by on PATH, the first found is taken."""
    debian_package: str | None
    needed_for: str
    port: int
    health_path: str | None
    """HTTP path that answers 200 when the server is ready; None where the server speaks no HTTP."""
    command: Callable[[str, LabNetwork, Path], Sequence[str]]
    version_arguments: tuple[str, ...] = ("--version",)


def _prometheus(binary: str, network: LabNetwork, directory: Path) -> Sequence[str]:
    return [
        binary,
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address={network.infra_ip}:9090",
        "--web.enable-lifecycle",
        "--storage.tsdb.retention.time=2d",
        "--rules.alert.resend-delay=2s",  # the default, a minute, is an hour at the lab's pace
        "--log.format=logfmt",
    ]


def _alertmanager(binary: str, network: LabNetwork, directory: Path) -> Sequence[str]:
    return [
        binary,
        f"--config.file={directory / 'alertmanager.yml'}",
        f"--storage.path={directory / 'data'}",
        f"--web.listen-address={network.infra_ip}:9093",
        "--cluster.listen-address=",  # one instance: no gossip, no second port
        "--log.format=logfmt",
    ]


def _redis(binary: str, network: LabNetwork, directory: Path) -> Sequence[str]:
    host, port = network.redis_address
    return [binary, "--bind", host, "--port", str(port), "--dir", str(directory), "--save", "", "--appendonly", "no"]


def _toxiproxy(binary: str, network: LabNetwork, _directory: Path) -> Sequence[str]:
    return [binary, "-host", network.infra_ip, "-port", "8474", "-proxy-metrics", "-runtime-metrics"]


PROMETHEUS = Server(
    name="prometheus",
    binaries=("prometheus",),
    debian_package="prometheus",
    needed_for="every SLI: the probes read from it",
    port=9090,
    health_path="/-/ready",
    command=_prometheus,
)
ALERTMANAGER = Server(
    name="alertmanager",
    binaries=("prometheus-alertmanager", "alertmanager"),
    debian_package="prometheus-alertmanager",
    needed_for="alert-path tests",
    port=9093,
    health_path="/-/ready",
    command=_alertmanager,
)
REDIS = Server(
    name="redis",
    binaries=("redis-server",),
    debian_package="redis-server",
    needed_for="the ranker's features",
    port=6379,
    health_path=None,
    command=_redis,
)
TOXIPROXY = Server(
    name="toxiproxy",
    binaries=("toxiproxy-server",),
    debian_package=None,
    needed_for="network faults",
    port=8474,
    health_path="/version",
    command=_toxiproxy,
    version_arguments=("-version",),
)
SERVERS = (PROMETHEUS, ALERTMANAGER, REDIS, TOXIPROXY)


BY_NAME = {server.name: server for server in SERVERS}


def brought_directory() -> Path:
    """Where `chaos lab servers --bring` puts servers: beside the installation, so that both go together."""
    return Path(sys.prefix) / "share" / "mlchaos" / "servers"


def find(server: Server) -> str | None:
    """The path of the server's program."""
    return next((found for binary in server.binaries if (found := find_program(binary))), None)


def find_program(name: str) -> str | None:
    """A program's path: PATH first, then what `chaos lab servers --bring` brought."""
    return shutil.which(
        name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), str(brought_directory() / "bin")))
    )


def version(server: Server, binary: str) -> str:
    """The first line that the program prints of its version, or why it prints none."""
    try:
        answer = subprocess.run(
            [binary, *server.version_arguments], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"does not start: {error}"
    lines = (answer.stdout or answer.stderr).strip().splitlines()
    return lines[0] if lines else f"prints no version (status {answer.returncode})"
