"""The addresses of a running lab, as the environment variables that experiments and kubectl read."""

from lab.directory import LabDirectory
from lab.errors import LabError
from lab.launch import is_running
from lab.network import LabNetwork
from lab.state import read_state


def addresses(directory: LabDirectory) -> dict[str, str]:
    """KUBECONFIG and the servers' addresses. Raises LabError where no lab runs."""
    state = read_state(directory.state)
    if state is None or not is_running(directory):
        raise LabError(f"no lab runs in {directory.root}", "start one with `chaos lab up`")
    network = LabNetwork(state.octet)
    host, port = network.redis_address
    values = {
        "prometheus": ("PROMETHEUS_URL", network.prometheus_url),
        "alertmanager": ("ALERTMANAGER_URL", network.alertmanager_url),
        "toxiproxy": ("TOXIPROXY_URL", network.toxiproxy_url),
        "redis": ("REDIS_URL", f"redis://{host}:{port}"),
    }
    started = [component.name for component in state.components if component.kind == "server"]
    return {"KUBECONFIG": str(directory.kubeconfig), **dict(values[name] for name in started)}
