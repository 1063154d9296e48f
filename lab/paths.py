"""The network paths of the stack that go through Toxiproxy when it runs, so that a fault can be put into each."""

from dataclasses import dataclass

from lab.network import LabNetwork


@dataclass(frozen=True, slots=True)
class ProxiedPath:
    """Callers reach `service` (or Redis, where it is None) through `port` on the lab's infra address."""

    name: str
    port: int
    namespace: str
    service: str | None
    service_port: int
    scheme: str
    """How the address is written for the caller: with this scheme, or bare `host:port` where it is empty."""
    variable: str
    """The environment variable of the callers that holds the address."""


PATHS = (
    ProxiedPath("llm", 28000, "ml-serving", "llm", 8000, "http://", "LLM_URL"),
    ProxiedPath("features", 26379, "ml-serving", None, 6379, "", "FEATURES_ADDRESS"),
    ProxiedPath("checkpoints", 28333, "ml-training", "store", 8333, "https://", "CHECKPOINT_URL"),
)


def listen_address(path: ProxiedPath, network: LabNetwork) -> str:
    return f"{network.infra_ip}:{path.port}"


def endpoint(path: ProxiedPath, upstream: str, network: LabNetwork, proxied: bool) -> str:
    """The value of `path.variable`: through Toxiproxy when it runs, else straight to `upstream` (host:port)."""
    return path.scheme + (listen_address(path, network) if proxied else upstream)
