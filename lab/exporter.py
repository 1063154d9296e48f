"""The exporter beside the lab's cluster: the program and the rights of deploy/, and an account that has no others.

It reads the results store of whoever has started the lab: where his `chaos run` puts its results.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from lab.accounts import DEPLOY
from lab.kubeclient import Document
from lab.network import EXPORTER_PORT, LabNetwork

ACCOUNT = "mlchaos-exporter"
EVERY_SECONDS = 2
"""How often it looks: a fault in a lab lasts for seconds."""
_OBJECTS = ("ServiceAccount", "Role", "RoleBinding")


def documents() -> list[Document]:
    """Its account and rights. Here it is a process, so there is no Deployment, and no Service in front of it."""
    found = yaml.safe_load_all((DEPLOY / "exporter.yaml").read_text())
    return [document for document in found if document and document["kind"] in _OBJECTS]


def command(network: LabNetwork) -> list[str]:
    """The command line of `chaos exporter`."""
    program = [sys.executable, "-m", "chaostoolkit", "--no-version-check", "--no-log-file"]
    return [*program, "exporter", "--listen", f"{network.infra_ip}:{EXPORTER_PORT}", "--every", str(EVERY_SECONDS)]


def variables(kubeconfig: Path) -> Mapping[str, str]:
    """What it is told by its environment beside what the lab was started with: its account."""
    return {"KUBECONFIG": str(kubeconfig), "MLCHAOS_LEDGER": "kubernetes"}
