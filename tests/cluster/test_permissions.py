"""What a plan says that a fault takes is enough to put it in and to take it out, for a user who may do no more."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from actions.certificates.secret import SECRETS
from actions.choice import Choice
from actions.fault import Injection, fault_named
from actions.ledger.record import Record, Undo
from actions.systems import Systems
from clients.kube import ForbiddenError
from tests.actions.certificates.authorities import authority, server
from tests.actions.effect import seen
from tests.cluster.restricted import restricted_kubeconfig
from tests.cluster.workloads import Cluster
from tests.waiting import wait_for

pytestmark = pytest.mark.cluster

TAG = "mlchaos-20261122t1638z-ab12cd-1f2e3d4c"
PODS = {"label_selector": "app=llm"}
CASES: Mapping[str, Mapping[str, Any]] = {
    "pods.kill": {**PODS, "grace_seconds": 0},
    "pods.evict": {**PODS, "grace_seconds": 0},
    "network.partition": PODS,
    "certificates.expired": {"secret": "tls", "issuer_secret": "root"},
    "certificates.unknown_ca": {"secret": "tls"},
}
"""Nodes are in test_node_faults."""


def populate(cluster: Cluster, systems: Systems) -> None:
    cluster.deploy(replicas=2)
    root = authority("Root")
    for name, made in (("root", root), ("tls", server(root))):
        entries = {"tls.crt": made.certificate_pem, "tls.key": made.key_pem}
        data = {key: base64.b64encode(value).decode() for key, value in entries.items()}
        document = {"metadata": {"name": name}, "type": "kubernetes.io/tls", "data": data}
        systems.kube.create(SECRETS, document, cluster.namespace)


@pytest.mark.parametrize("name", CASES)
def test_the_permissions_of_the_plan_are_all_that_it_takes(
    cluster: Cluster, cluster_kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    fault = fault_named(name)
    arguments = fault.arguments.model_validate({"namespace": cluster.namespace, **CASES[name]})
    with Systems() as admin:
        populate(cluster, admin)
        draft = fault.plan(arguments, admin, Choice(1))
        (target,) = draft.targets
        with restricted_kubeconfig(cluster, cluster_kubeconfig, draft.permissions, tmp_path) as path:
            monkeypatch.setenv("KUBECONFIG", str(path))
            with Systems() as restricted:
                undo = fault.undo_arguments(target, arguments, restricted)
                injection = Injection("run", TAG, target, arguments, undo, 4e9)
                record = Record(TAG, "run", name, target, Undo(name, undo), 0.0, 4e9)
                fault.inject(injection, restricted)
                wait_for(lambda: seen(fault, injection, restricted), fault.effect_within)
                fault.undo(record, restricted)
                wait_for(lambda: fault.undone(record, restricted), fault.undone_within)
                with pytest.raises(ForbiddenError):
                    restricted.kube.find(SECRETS, cluster.namespace)
