"""The reaper's account, with the roles of deploy/ and no others, takes out every fault that is in a cluster."""

import base64
import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from actions.choice import Choice
from actions.fault import Fault, Injection, fault_named, known_faults
from actions.ledger.open import open_in_cluster
from actions.ledger.record import Record, Undo
from actions.systems import Systems
from clients.kube import ForbiddenError, Resource
from lab import accounts, reaper
from lab.certificates import issue_ca, issue_server
from lab.environment import node_commands
from runner.recover.decisions import Rules, Scope
from runner.recover.opening import Recoverable
from tests.actions.effect import seen
from tests.crash.ground import NAMESPACE, populate
from tests.lab.labs import Lab, a_lab
from tests.waiting import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("reaper-rights"), pytest.mark.timeout(900)]

SECRET = {"namespace": NAMESPACE, "secret": "reaper-tls"}
RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces"


def pods(app: str, **more: Any) -> dict[str, Any]:
    return {"namespace": NAMESPACE, "label_selector": f"app={app}", "count": 1, **more}


CASES: dict[str, dict[str, Any]] = {
    "pods.kill": pods("killed", grace_seconds=0),
    "pods.evict": pods("evicted"),
    "pods.kill_container": pods("restarted"),
    "pods.freeze": pods("frozen"),
    "network.partition": pods("partitioned"),
    "network.mesh_delay": pods("meshed", latency_ms=10),
    "network.mesh_loss": pods("meshed", percent_lost=10),
    "network.mesh_corrupt": pods("meshed", percent_corrupted=10),
    "network.mesh_partition": pods("meshed", peers={"app": "killed"}),
    "certificates.expired": SECRET,
    "certificates.not_yet_valid": SECRET,
    "certificates.expiring": {**SECRET, "in_hours": 2, "issuer_secret": "reaper-ca"},
    "certificates.wrong_name": SECRET,
    "certificates.unknown_ca": SECRET,
    "certificates.broken_chain": SECRET,
    "nodes.cordon": {"names": ["cpu-b"]},
    "nodes.taint": {"names": ["gpu-b"]},
    "nodes.lose": {"names": ["gpu-b"]},
    "gpus.vanish": {"names": ["gpu-a"]},
    "gpus.xid": {"names": ["gpu-a"]},
    "gpus.reading": {"names": ["gpu-a"], "reading": "row-remap-failure"},
}
"""Arguments for every fault whose undo reaches a cluster."""
NOBODY_OBEYS = "network.mesh"
"""There is no Chaos Mesh in the lab: its objects come and go, and have no effect."""


@dataclass(frozen=True)
class Place:
    """A lab with something for every fault, and the kubeconfigs of two accounts."""

    lab: Lab
    admin: Path
    reaper: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with a_lab() as lab:
        lab.up("--bare")
        populate(lab)
        _add_secrets(lab)
        (binding,) = [one for one in reaper.bindings() if one["metadata"]["namespace"] == "gpu-operator"]
        for namespace in (NAMESPACE, "gpu-operator"):
            document = {**binding, "metadata": {"name": "mlchaos-undo-of-test", "namespace": namespace}}
            lab.create(f"{RBAC}/{namespace}/rolebindings", document)
        account = f"/api/v1/namespaces/{accounts.NAMESPACE}/serviceaccounts/{reaper.ACCOUNT}"
        answer = json.loads(lab.api(f"{account}/token", "POST", {"spec": {}}))
        config = json.loads(lab.directory.kubeconfig.read_text())
        config["users"][0]["user"] = {"token": answer["status"]["token"]}
        own = tmp_path_factory.mktemp("reaper") / "kubeconfig"
        own.write_text(json.dumps(config))
        yield Place(lab, lab.directory.kubeconfig, own)


def _add_secrets(lab: Lab) -> None:
    authority = issue_ca("reaper")
    server = issue_server(authority, ["reaper.example"])
    chain = server.certificate_pem + authority.certificate_pem
    for name, certificate, key in (
        ("reaper-tls", chain, server.key_pem),
        ("reaper-ca", authority.certificate_pem, authority.key_pem),
    ):
        data = {"tls.crt": base64.b64encode(certificate).decode(), "tls.key": base64.b64encode(key).decode()}
        document = {"type": "kubernetes.io/tls", "metadata": {"name": name}, "data": data}
        lab.create(f"/api/v1/namespaces/{NAMESPACE}/secrets", document)


@pytest.fixture
def environment(place: Place, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in node_commands(place.lab.directory).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MLCHAOS_LEDGER", "kubernetes")
    return monkeypatch


def test_there_is_a_case_for_every_fault_of_a_cluster() -> None:
    assert set(CASES) == {name for name in known_faults() if "kubernetes" in fault_named(name).needs}


@pytest.mark.parametrize("name", CASES)
def test_the_reaper_may_take_it_out(place: Place, environment: pytest.MonkeyPatch, name: str) -> None:
    fault = fault_named(name)
    environment.setenv("KUBECONFIG", str(place.admin))
    with Systems() as admin:
        record = _left_behind(fault, name, admin)

        environment.setenv("KUBECONFIG", str(place.reaper))
        said: list[str] = []
        with Recoverable(said.append) as recoverable:
            rules = Rules(dead_after=0, verify_after=0)
            report = recoverable.recover(Scope(), lambda outcome: said.append(str(outcome)), rules=rules)

        assert (report.stuck, report.unseen) == ([], []), said
        assert {outcome.result for outcome in report.outcomes} == {"undone", "removed"}
        assert fault.undone(record, admin)
    wait_for(lambda: _whole(place.lab), 60)


def _left_behind(fault: Fault[Any], name: str, systems: Systems) -> Record:
    """A fault that is in, of a run that is dead."""
    arguments = fault.arguments.model_validate(CASES[name])
    (target,) = fault.plan(arguments, systems, Choice(1)).targets
    undo = fault.undo_arguments(target, arguments, systems)
    now = time.time()
    run = f"20261122T163800Z-{secrets.token_hex(3)}"
    tag = f"mlchaos-{run.lower()}-{secrets.token_hex(4)}"
    ledger = open_in_cluster()
    try:
        record = ledger.add(Record(tag, run, name, target, Undo(name, undo), now, now + 60, changed_at=now))
        injection = Injection(run, tag, target, arguments, undo, now + 60)
        fault.inject(injection, systems)
        if not name.startswith(NOBODY_OBEYS):
            wait_for(lambda: seen(fault, injection, systems), fault.effect_within)
        return ledger.move(record.moved("active", now))
    finally:
        ledger.close()


def _whole(lab: Lab) -> bool:
    """What the cluster does by itself after an undo is done: the next fault finds its target."""
    nodes = json.loads(lab.api("/api/v1/nodes"))["items"]
    deployments = json.loads(lab.api(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"))["items"]
    daemons = json.loads(lab.api("/apis/apps/v1/namespaces/gpu-operator/daemonsets"))["items"]
    return (
        not any(node["spec"].get("unschedulable") for node in nodes)
        and not any("NoExecute" in json.dumps(node["spec"].get("taints", [])) for node in nodes)
        and all(
            one["status"] == "True" for node in nodes for one in node["status"]["conditions"] if one["type"] == "Ready"
        )
        and all(one["status"].get("readyReplicas") == 2 for one in deployments)
        and all(one["status"].get("numberReady") == 2 for one in daemons)
    )


@pytest.mark.parametrize(
    ("namespace", "resource"),
    [
        ("mlchaos", Resource("secrets")),
        ("default", Resource("secrets")),
        ("default", Resource("pods")),
        (NAMESPACE, Resource("services")),
    ],
)
def test_the_reaper_may_not_look_elsewhere(
    place: Place, environment: pytest.MonkeyPatch, namespace: str, resource: Resource
) -> None:
    """The lab's API server keeps to the roles, or the tests above would prove nothing."""
    environment.setenv("KUBECONFIG", str(place.reaper))
    with Systems() as systems, pytest.raises(ForbiddenError):
        systems.kube.find(resource, namespace)
