"""A running lab as environment variables for experiments and kubectl: addresses, how nodes are lost, terms."""

import shlex
import sys
from pathlib import Path

from lab.directory import ENVIRONMENT_KEY, LabDirectory
from lab.errors import LabError
from lab.launch import is_running
from lab.network import LabNetwork
from lab.state import read_state

ADMISSION = {"ADMIT_BUDGET_LEFT": "0%", "ADMIT_QUIET_ALERTS": "false"}
"""What the experiments of this repository ask of SLOs before a fault goes in.

A lab's budget is that of its few minutes, so that one run may spend it all and keep its alerts firing for an hour of
scaled time. Nobody uses a lab, so nothing but the burn rate of this moment keeps the next run from beginning.
"""


def addresses(directory: LabDirectory) -> dict[str, str]:
    """The lab itself, KUBECONFIG, the servers' addresses, the pager's, how nodes are taken away, what lets runs begin.

    Raises LabError where no lab runs.
    """
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
        ENVIRONMENT_KEY: str(directory.root),
        "KUBECONFIG": str(directory.kubeconfig),
        **dict(values[name] for name in started),
        **({"MLCHAOS_PAGES_URL": state.pages_url} if state.pages_url else {}),
        **node_commands(directory),
        **ADMISSION,
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
