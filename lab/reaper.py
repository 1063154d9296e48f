"""The reaper beside the lab's cluster: the program and the rights of deploy/, and an account that has no others."""

import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from lab import environment
from lab.accounts import DEPLOY, NAMESPACE
from lab.directory import LabDirectory
from lab.kubeclient import Document

ACCOUNT = "mlchaos-reaper"
MANIFESTS = ("ledger.yaml", "reaper.yaml")
UNDO_ROLE = "mlchaos-undo"
TARGETS = ("gpu-operator", "ml-platform", "ml-serving", "ml-training")
"""The namespaces in which it may undo."""


def documents() -> list[Document]:
    """What a cluster gets for the ledger and the reaper, without the reaper's Deployment: here it is a process."""
    found: list[Document] = []
    for name in MANIFESTS:
        found += [document for document in yaml.safe_load_all((DEPLOY / name).read_text()) if document]
    return [document for document in found if document["kind"] != "Deployment"]


def bindings() -> list[Document]:
    """What lets the reaper undo in the lab's namespaces, as deploy/reaper.yaml says to bind it."""
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": UNDO_ROLE}
    return [
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": UNDO_ROLE, "namespace": namespace},
            "roleRef": role,
            "subjects": [subject],
        }
        for namespace in TARGETS
    ]


def command() -> list[str]:
    """The command line of `chaos reaper`."""
    return [sys.executable, "-m", "chaostoolkit", "--no-version-check", "--no-log-file", "reaper"]


def variables(directory: LabDirectory, kubeconfig: Path) -> Mapping[str, str]:
    """What it is told by its environment: its account, and how a node that was taken away comes back."""
    return {**environment.node_commands(directory), "KUBECONFIG": str(kubeconfig), "MLCHAOS_LEDGER": "kubernetes"}
