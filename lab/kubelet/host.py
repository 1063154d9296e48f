"""What every pod of a kubelet shares: the node's addresses and devices, and the ways to the outside."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from lab.informer import Informer
from lab.kubeclient import KubeClient
from lab.kubelet.allocation import AddressPool, DevicePool
from lab.kubelet.events import Events
from lab.kubelet.isolation import Isolation
from lab.kubelet.sources import Sources

PASSED_ON = ("HOME", "USER", "LANG", "LC_ALL", "TZ", "KUBECONFIG", "VIRTUAL_ENV")
PASSED_ON_PREFIXES = ("MLCHAOS_", "PYTHON")


@dataclass(frozen=True, slots=True)
class Host:
    """One node, as its pods see it. `root` is where everything that the kubelet writes lies."""

    node_name: str
    node_ip: str
    root: Path
    api: KubeClient
    isolation: Isolation
    addresses: AddressPool
    devices: DevicePool
    sources: Sources
    services: Informer
    events: Events
    probes: aiohttp.ClientSession

    @property
    def marker(self) -> tuple[str, str]:
        """The variable by which processes of this node's containers are known, whatever became of their kubelet."""
        return "MLCHAOS_NODE_ROOT", str(self.root)


def base_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What containers inherit of the kubelet's own environment; `python` on their PATH is the kubelet's."""
    passed_on = {
        name: value for name, value in environment.items() if name in PASSED_ON or name.startswith(PASSED_ON_PREFIXES)
    }
    programs = str(Path(sys.executable).parent)
    return passed_on | {"PATH": os.pathsep.join((programs, environment.get("PATH", os.defpath)))}
