"""Where everything in a lab listens: one /16 of the loopback range per lab.

Linux answers on the whole of 127.0.0.0/8 without any set-up, so every pod, Service and node of the lab gets an address
of its own and the ports are the ones that the real programs use. Two labs live side by side by taking two octets.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

DEFAULT_OCTET = 77
KUBELET_PORT = 10250
EXPORTER_PORT = 9667


@dataclass(frozen=True)
class LabNetwork:
    """The addresses of one lab; `octet` (1..254) is the second byte of all of them."""

    octet: int = DEFAULT_OCTET

    def __post_init__(self) -> None:
        if not 1 <= self.octet <= 254:
            raise ValueError(f"network octet must be 1 to 254, not {self.octet}")

    @property
    def infra_ip(self) -> str:
        """Address of the API server and of the real servers (Prometheus, Redis, ...)."""
        return f"127.{self.octet}.0.1"

    @property
    def api_url(self) -> str:
        return f"https://{self.infra_ip}:6443"

    @property
    def prometheus_url(self) -> str:
        return f"http://{self.infra_ip}:9090"

    @property
    def alertmanager_url(self) -> str:
        return f"http://{self.infra_ip}:9093"

    @property
    def toxiproxy_url(self) -> str:
        return f"http://{self.infra_ip}:8474"

    @property
    def exporter_url(self) -> str:
        return f"http://{self.infra_ip}:{EXPORTER_PORT}"

    @property
    def redis_address(self) -> tuple[str, int]:
        return self.infra_ip, 6379

    @property
    def service_range(self) -> IPv4Network:
        """Cluster addresses of Services."""
        return IPv4Network(f"127.{self.octet}.8.0/22")

    def node_ip(self, index: int) -> str:
        """Address of node number `index` (0..99)."""
        return str(IPv4Address(f"127.{self.octet}.1.0") + index + 1)

    def pod_range(self, index: int) -> IPv4Network:
        """Pod addresses of node number `index` (0..99)."""
        return IPv4Network(f"127.{self.octet}.{16 + index}.0/24")
