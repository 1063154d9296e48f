"""A running lab as the environment variables that experiments and kubectl read: addresses, and how nodes are lost."""

import shlex
import sys
from pathlib import Path

from lab.directory import LabDirectory
from lab.errors import LabError
from lab.launch import is_running
from lab.network import LabNetwork
from lab.state import read_state


def addresses(directory: LabDirectory) -> dict[str, str]:
    """KUBECONFIG, the servers' addresses, and the commands that take nodes away. Raises LabError where no lab runs."""
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
    return {
        "KUBECONFIG": str(directory.kubeconfig),
        **dict(values[name] for name in started),
        **node_commands(directory),
    }


def node_commands(directory: LabDirectory) -> dict[str, str]:
    """How a node of this lab is taken away and brought back, as the node killer reads it."""
    return {
        "MLCHAOS_NODE_STOP": _node_command("stop", directory),
        "MLCHAOS_NODE_START": _node_command("start", directory),
    }


def _node_command(verb: str, directory: LabDirectory) -> str:
    """A command line for a node killer, which puts a node's name in the place of {node}."""
    program = [str(Path(sys.executable).with_name("chaos")), "--no-version-check", "--no-log-file"]
    return shlex.join([*program, "lab", verb, "--dir", str(directory.root), "{node}"])
