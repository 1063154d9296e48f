"""actions.network's NetworkPolicies and NetworkChaos objects on a Kubernetes API."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from actions.choice import Choice
from actions.fault import Fault, Injection, RefusedError, fault_named
from actions.ledger.record import Record, Undo
from actions.network.isolation import mark_of
from actions.network.mesh import NotRecoveredError
from actions.network.mesh_object import NETWORK_CHAOS
from actions.network.partition import POLICIES
from actions.systems import Systems
from clients.kube import PODS, ConflictError, Kube, NotFoundError, Resource
from tests.cluster.workloads import Cluster
from tests.waiting import wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("network-chaos")]  # they define and take back one kind

TAG = "mlchaos-20270115t080000z-abcdef-01234567"
DEFINITIONS = Resource("customresourcedefinitions", "apiextensions.k8s.io")


@pytest.fixture
def systems(cluster: Cluster) -> Iterator[Systems]:
    del cluster
    with Systems() as opened:
        yield opened


@pytest.fixture
def chaos_mesh(systems: Systems) -> Iterator[None]:
    """The definition of NetworkChaos; who obeys it is played by the tests."""
    name = f"{NETWORK_CHAOS.plural}.{NETWORK_CHAOS.group}"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": NETWORK_CHAOS.version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": NETWORK_CHAOS.plural, "singular": NETWORK_CHAOS.plural, "kind": "NetworkChaos"}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {"group": NETWORK_CHAOS.group, "scope": "Namespaced", "names": names, "versions": [version]},
    }
    try:
        systems.kube.create(DEFINITIONS, definition)
    except ConflictError:
        pytest.skip("this cluster has a Chaos Mesh of its own, which would obey")
    wait_for(lambda: _served(systems.kube))
    yield
    systems.kube.delete(DEFINITIONS, name)


def _served(kube: Kube) -> bool:
    try:
        return kube.find(NETWORK_CHAOS) == []
    except NotFoundError:
        return False


def _planned(systems: Systems, name: str, **arguments: Any) -> tuple[Fault[Any], Injection[Any], Record]:
    fault = fault_named(name)
    parsed = fault.arguments.model_validate(arguments)
    target = fault.plan(parsed, systems, Choice(1)).targets[0]
    expires = time.time() + 60
    record = Record(TAG, "run", name, target, Undo(name, {}), time.time(), expires)
    return fault, Injection("run", TAG, target, parsed, {}, expires), record


def _labels(kube: Kube, injection: Injection[Any]) -> dict[str, str]:
    labels: dict[str, str] = kube.get(PODS, injection.target.name, injection.target.namespace)["metadata"]["labels"]
    return labels


def test_one_pod_is_cut_off_and_nothing_of_it_stays(cluster: Cluster, systems: Systems) -> None:
    cluster.deploy(replicas=2)
    kube, pods = systems.kube, {"namespace": cluster.namespace, "label_selector": "app=llm"}
    fault, injection, record = _planned(systems, "network.partition", **pods)
    before = _labels(kube, injection)
    assert fault.undone(record, systems)
    fault.undo(record, systems)

    fault.inject(injection, systems)
    fault.inject(injection, systems)
    assert fault.in_effect(injection, systems)
    assert not fault.undone(record, systems)
    marked = kube.find(PODS, cluster.namespace, mark_of(TAG))
    assert [pod["metadata"]["uid"] for pod in marked] == [injection.target.uid]
    (policy,) = kube.find(POLICIES, cluster.namespace, "app.kubernetes.io/managed-by=mlchaos,mlchaos.io/run=run")
    assert policy["spec"]["podSelector"]["matchLabels"].keys() == {mark_of(TAG)}

    fault.undo(record, systems)
    fault.undo(record, systems)
    assert fault.undone(record, systems)
    assert _labels(kube, injection) == before
    assert kube.find(POLICIES, cluster.namespace) == []


def test_a_pod_that_was_replaced_meanwhile_is_left_alone(cluster: Cluster, systems: Systems) -> None:
    cluster.deploy(replicas=2)
    pods = {"namespace": cluster.namespace, "label_selector": "app=llm"}
    fault, injection, record = _planned(systems, "network.partition", **pods)
    fault.inject(injection, systems)
    systems.kube.delete(PODS, injection.target.name, cluster.namespace, grace_seconds=0)
    wait_for(lambda: injection.target.uid not in cluster.uids())
    with pytest.raises(RefusedError, match="went away"):
        fault.inject(injection, systems)
    assert not fault.undone(record, systems), "its policy is still there"
    fault.undo(record, systems)
    assert fault.undone(record, systems)


def test_a_policy_of_somebody_else_stays_whatever_a_record_says(cluster: Cluster, systems: Systems) -> None:
    cluster.deploy(replicas=2)
    pods = {"namespace": cluster.namespace, "label_selector": "app=llm"}
    fault, _, record = _planned(systems, "network.partition", **pods)
    theirs = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": record.id},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }
    systems.kube.create(POLICIES, theirs, cluster.namespace)
    fault.undo(record, systems)
    assert fault.undone(record, systems)
    assert [policy["metadata"]["name"] for policy in systems.kube.find(POLICIES, cluster.namespace)] == [record.id]


def test_a_pod_that_other_policies_let_through_is_refused(cluster: Cluster, systems: Systems) -> None:
    cluster.deploy(replicas=2)
    allow = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "from-gateway"},
        "spec": {"podSelector": {"matchLabels": {"app": "llm"}}, "ingress": [{"from": [{"podSelector": {}}]}]},
    }
    systems.kube.create(POLICIES, allow, cluster.namespace)
    pods = {"namespace": cluster.namespace, "label_selector": "app=llm"}
    with pytest.raises(RefusedError, match="Policies only add up, and from-gateway"):
        _planned(systems, "network.partition", **pods)
    _planned(systems, "network.partition", direction="egress", **pods)


def test_without_chaos_mesh_its_faults_are_refused_by_name(cluster: Cluster, systems: Systems) -> None:
    cluster.deploy(replicas=2)
    try:
        systems.kube.find(NETWORK_CHAOS, cluster.namespace)
        pytest.skip("this cluster has Chaos Mesh")
    except NotFoundError:
        pass
    pods = {"namespace": cluster.namespace, "label_selector": "app=llm"}
    with pytest.raises(RefusedError, match="no NetworkChaos"):
        _planned(systems, "network.mesh_loss", percent_lost=10, **pods)


def test_chaos_mesh_gets_one_object_that_expires_by_itself(
    cluster: Cluster, systems: Systems, chaos_mesh: None
) -> None:
    del chaos_mesh
    cluster.deploy(replicas=2)
    kube, pods = systems.kube, {"namespace": cluster.namespace, "label_selector": "app=llm"}
    wanted = {"percent_lost": 25, "direction": "both", "peers": {"app": "gateway"}}
    fault, injection, record = _planned(systems, "network.mesh_loss", **pods, **wanted)
    draft = fault.plan(injection.arguments, systems, Choice(1))
    assert draft.namespaces == (cluster.namespace,)
    assert "every pod that peers selects" in draft.warnings[0]
    fault.inject(injection, systems)
    fault.inject(injection, systems)
    made = kube.get(NETWORK_CHAOS, TAG, cluster.namespace)
    assert 55 <= int(made["spec"].pop("duration").removesuffix("s")) <= 60
    assert made["spec"] == {
        "action": "loss",
        "mode": "all",
        "selector": {"pods": {cluster.namespace: [injection.target.name]}},
        "loss": {"loss": "25", "correlation": "0"},
        "direction": "both",
        "target": {
            "mode": "all",
            "selector": {"namespaces": [cluster.namespace], "labelSelectors": {"app": "gateway"}},
        },
    }
    assert not fault.in_effect(injection, systems), "Chaos Mesh has not said so"
    conditions = [{"type": kind, "status": "True"} for kind in ("Selected", "AllInjected")]
    kube.patch(NETWORK_CHAOS, TAG, {"status": {"conditions": conditions}}, cluster.namespace)
    assert fault.in_effect(injection, systems)

    keeping = {"metadata": {"finalizers": ["chaos-mesh/records"]}}
    records = [{"id": f"{cluster.namespace}/{injection.target.name}", "phase": "Injected"}]
    kube.patch(
        NETWORK_CHAOS,
        TAG,
        {**keeping, "status": {"experiment": {"containerRecords": records}}},
        cluster.namespace,
    )
    fault.undo(record, systems)
    with pytest.raises(NotRecoveredError, match=f"{injection.target.name}: Injected"):
        fault.undone(record, systems)
    kube.patch(NETWORK_CHAOS, TAG, {"metadata": {"finalizers": None}}, cluster.namespace)
    assert fault.undone(record, systems)
    fault.undo(record, systems)
