"""A path through a real Toxiproxy to a server that echoes, and a fault's life on it."""

import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from actions.choice import Choice
from actions.fault import Fault, Injection, fault_named
from actions.ledger.record import Record, Undo
from actions.systems import Systems
from clients.toxiproxy import Toxiproxy, ToxiproxyError
from lab.network import LabNetwork
from lab.processes import die_with_parent
from lab.servers import TOXIPROXY, find
from tests.waiting import wait_for

EXPIRES = 1_800_000_000.0
TAG = "mlchaos-20270115t080000z-abcdef-01234567"


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.request.sendall(data)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@dataclass(frozen=True)
class Path:
    """Proxy `llm` of the Toxiproxy at `url`."""

    url: str
    address: tuple[str, int]
    server: Toxiproxy

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=5)

    def answers(self) -> bool:
        """Whether a new connection gets its data back soon."""
        try:
            with socket.create_connection(self.address, timeout=1) as connection:
                connection.sendall(b"x")
                return connection.recv(1) == b"x"
        except OSError:
            return False


@contextmanager
def real_path(octet: int) -> Iterator[Path]:
    """Start a Toxiproxy with one proxy, `llm`, in front of an echo server."""
    network = LabNetwork(octet)
    found = find(TOXIPROXY)
    assert found is not None
    host = network.infra_ip
    command = [found, "-host", host, "-port", "8474"]
    process = subprocess.Popen(die_with_parent(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    upstream = _Server((host, 0), _Echo)
    threading.Thread(target=upstream.serve_forever, args=(0.02,), daemon=True).start()
    try:
        server = Toxiproxy(network.toxiproxy_url)
        wait_for(lambda: _is_up(server))
        server.put("llm", f"{host}:28000", f"{host}:{upstream.server_address[1]}")
        yield Path(network.toxiproxy_url, (host, 28000), server)
    finally:
        upstream.shutdown()
        upstream.server_close()
        process.kill()
        process.wait()


def _is_up(server: Toxiproxy) -> bool:
    try:
        return server.proxies() == {}
    except ToxiproxyError:
        return False


@dataclass(frozen=True)
class Life:
    """A planned fault, from its injection to its undo."""

    fault: Fault[Any]
    injection: Injection[Any]
    record: Record
    systems: Systems

    def inject(self) -> None:
        self.fault.inject(self.injection, self.systems)

    def in_effect(self) -> bool:
        return self.fault.in_effect(self.injection, self.systems)

    def undo(self) -> None:
        self.fault.undo(self.record, self.systems)

    def undone(self) -> bool:
        return self.fault.undone(self.record, self.systems)


def planned(name: str, systems: Systems, tag: str = TAG, **arguments: Any) -> Life:
    """The life of a fault of the family on its first target."""
    fault = fault_named(f"network.{name}")
    parsed = fault.arguments.model_validate(arguments)
    target = fault.plan(parsed, systems, Choice(1)).targets[0]
    undo = fault.undo_arguments(target, parsed, systems)
    record = Record(tag, "run", f"network.{name}", target, Undo(f"network.{name}", undo), 0.0, EXPIRES)
    return Life(fault, Injection("run", tag, target, parsed, undo, EXPIRES), record, systems)
