"""Faults of nodes on a Kubernetes API, beside controllers that write to the same nodes."""

import contextlib
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actions.choice import Choice
from actions.fault import Draft, Injection, RefusedError, Target
from actions.gpus.vanishing import LABEL, VanishGpus
from actions.ledger.record import Record, Undo
from actions.nodes.arguments import NodeArguments
from actions.nodes.cordoning import CordonNode
from actions.nodes.marked import NodeChange
from actions.nodes.tainting import TaintArguments, TaintNode
from actions.systems import Systems
from clients.kube import Kube, NotFoundError, Resource
from tests.cluster.restricted import restricted_kubeconfig
from tests.cluster.workloads import Cluster
from tests.waiting import wait_for

pytestmark = pytest.mark.cluster

NODES = Resource("nodes")
LIFECYCLE = "node.kubernetes.io/"
"""Taints of the node controller, which writes whenever it likes."""
DEADLINE_SECONDS = 30.0


class Nodes:
    """Node objects of the test's own, without machines."""

    def __init__(self, cluster: Cluster) -> None:
        self.pool = f"test-{uuid.uuid4().hex[:8]}"
        self.cluster = cluster
        self.systems = Systems()
        self.names: list[str] = []

    @property
    def kube(self) -> Kube:
        return self.systems.kube

    def add(self, name: str = "", **spec: Any) -> str:
        """A new node; the labels say which test it is of."""
        made = name or f"{self.pool}-{len(self.names)}"
        metadata = {"name": made, "labels": {"pool": self.pool, **spec.pop("labels", {})}}
        self.kube.create(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec})
        self.names.append(made)
        return made

    def edit(self, name: str, patch: dict[str, Any]) -> None:
        """Somebody else writes."""
        self.kube.patch(NODES, name, patch)

    def beat(self, name: str) -> None:
        """What a kubelet would say."""
        conditions = [{"type": "Ready", "status": "True", "reason": "Test", "lastHeartbeatTime": _now()}]
        allocatable = {"cpu": "8", "pods": "10", "nvidia.com/gpu": "4"}
        status = {"conditions": conditions, "capacity": allocatable, "allocatable": allocatable}
        with contextlib.suppress(NotFoundError):
            self.kube.patch(NODES, name, {"status": status}, form="strategic", subresource="status")

    def as_made(self, name: str) -> dict[str, Any]:
        """What people write on a node: without versions, and without what the node controller makes of it."""
        node = self.kube.get(NODES, name)
        spec, metadata = node.get("spec") or {}, node["metadata"]
        taints = [taint for taint in spec.get("taints") or () if not taint["key"].startswith(LIFECYCLE)]
        return {
            "unschedulable": spec.get("unschedulable"),
            "taints": taints,
            "labels": metadata.get("labels"),
            "annotations": metadata.get("annotations") or {},
        }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def nodes(cluster: Cluster) -> Iterator[Nodes]:
    made = Nodes(cluster)
    yield made
    for name in made.names:
        with contextlib.suppress(NotFoundError):
            made.kube.delete(NODES, name)
    made.systems.close()


class Hit:
    """One fault on one node, as the run and the ledger see it."""

    def __init__(self, nodes: Nodes, fault: NodeChange[Any], name: str, **arguments: Any) -> None:
        self.fault, self.systems, self.nodes, self.name = fault, nodes.systems, nodes, name
        parsed = fault.arguments.model_validate({"names": [name], **arguments})
        target = Target("node", name, uid=nodes.kube.get(NODES, name)["metadata"]["uid"])
        undo = fault.undo_arguments(target, parsed, nodes.systems)
        tag = f"mlchaos-20261122t163800z-ab12cd-{uuid.uuid4().hex[:8]}"
        self.injection = Injection("20261122T163800Z-ab12cd", tag, target, parsed, undo, 1_900_000_000.0)
        self.record = Record(tag, self.injection.run, fault.name, target, Undo(fault.name, undo), 0, 1_900_000_000.0)

    def inject(self) -> None:
        self.fault.inject(self.injection, self.systems)

    def undo(self) -> None:
        self.fault.undo(self.record, self.systems)

    def undone(self) -> bool:
        return self.fault.undone(self.record, self.systems)


THEIRS = {"key": "theirs", "value": "v", "effect": "NoSchedule"}
FAULTS: list[Any] = [
    pytest.param(CordonNode(), {}, id="cordon"),
    pytest.param(TaintNode(), {}, id="taint"),
    pytest.param(TaintNode(), {"cordon": True, "key": "lost", "value": "yes"}, id="taint and cordon"),
    pytest.param(VanishGpus(), {}, id="vanish"),
]


@pytest.fixture
def gpu_node(nodes: Nodes) -> str:
    name = nodes.add(taints=[THEIRS], labels={LABEL: "true"})
    nodes.beat(name)
    return name


@pytest.mark.parametrize(("fault", "arguments"), FAULTS)
def test_a_node_is_afterwards_what_it_was_and_what_others_made_of_it(
    nodes: Nodes, gpu_node: str, fault: NodeChange[Any], arguments: dict[str, Any]
) -> None:
    before = nodes.as_made(gpu_node)
    hit = Hit(nodes, fault, gpu_node, **arguments)
    hit.inject()
    hit.inject()
    assert nodes.as_made(gpu_node) != before
    assert not hit.undone()
    added = {"key": "meanwhile", "effect": "NoExecute"}
    nodes.edit(gpu_node, {"metadata": {"labels": {"new": "one"}}})
    nodes.kube.patch(NODES, gpu_node, [{"op": "add", "path": "/spec/taints/0", "value": added}], form="json")
    hit.undo()
    hit.undo()
    after = nodes.as_made(gpu_node)
    assert added in [{k: v for k, v in taint.items() if k != "timeAdded"} for taint in after["taints"]]
    assert [taint for taint in after["taints"] if taint["key"] != "meanwhile"] == before["taints"]
    assert after["labels"] == {**before["labels"], "new": "one"}
    assert (after["unschedulable"], after["annotations"]) == (before["unschedulable"], before["annotations"])


@pytest.mark.parametrize(("fault", "arguments"), FAULTS)
def test_two_writers_that_never_rest_do_not_get_in_each_others_way(
    nodes: Nodes, gpu_node: str, fault: NodeChange[Any], arguments: dict[str, Any]
) -> None:
    stop, written = threading.Event(), 0

    def write() -> None:
        nonlocal written
        while not stop.is_set():
            nodes.edit(gpu_node, {"metadata": {"annotations": {"written": str(written + 1)}}})
            written += 1

    before = nodes.as_made(gpu_node)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        wait_for(lambda: written > 0, DEADLINE_SECONDS)
        hit = Hit(nodes, fault, gpu_node, **arguments)
        hit.inject()
        hit.undo()
    finally:
        stop.set()
        writer.join()
    assert nodes.as_made(gpu_node) == {**before, "annotations": {"written": str(written)}}


def test_a_node_that_was_cordoned_by_others_is_refused_and_stays_cordoned(nodes: Nodes) -> None:
    name = nodes.add()
    hit = Hit(nodes, CordonNode(), name)
    nodes.edit(name, {"spec": {"unschedulable": True}})
    with pytest.raises(RefusedError, match="it is cordoned already"):
        hit.inject()
    hit.undo()
    assert nodes.as_made(name)["unschedulable"] is True
    assert hit.undone()


def test_a_cordon_that_was_there_survives_a_taint_with_cordon(nodes: Nodes) -> None:
    name = nodes.add(unschedulable=True)
    hit = Hit(nodes, TaintNode(), name, cordon=True)
    hit.inject()
    hit.undo()
    made = nodes.as_made(name)
    assert (made["unschedulable"], made["taints"]) == (True, [])


def test_a_node_that_is_deleted_meanwhile_leaves_nothing_to_undo_and_its_successor_is_left_alone(nodes: Nodes) -> None:
    name = nodes.add()
    hit = Hit(nodes, TaintNode(), name, cordon=True)
    hit.inject()
    nodes.kube.delete(NODES, name)
    hit.undo()
    assert hit.undone()
    nodes.add(name, unschedulable=True)
    hit.undo()
    assert hit.undone()
    assert nodes.as_made(name)["unschedulable"] is True
    with pytest.raises(RefusedError, match="another one than planned"):
        hit.inject()


def test_of_several_nodes_each_is_undone_by_its_own_record(nodes: Nodes) -> None:
    names = [nodes.add() for _ in range(3)]
    hits = [Hit(nodes, TaintNode(), name) for name in names]
    for hit in hits[:2]:
        hit.inject()
    nodes.kube.delete(NODES, names[2])
    with pytest.raises(RefusedError, match="gone since the plan"):
        hits[2].inject()
    hits[0].undo()
    assert (hits[0].undone(), hits[1].undone(), hits[2].undone()) == (True, False, True)
    for hit in hits:
        hit.undo()
    assert all(hit.undone() for hit in hits)
    assert [nodes.as_made(name)["taints"] for name in names[:2]] == [[], []]


def plan(nodes: Nodes, fault: NodeChange[Any], **arguments: Any) -> Draft:
    """The plan, once the node controller has heard the nodes."""
    parsed = fault.arguments.model_validate({"label_selector": f"pool={nodes.pool}", **arguments})

    def planned() -> Draft | None:
        for name in nodes.names:
            nodes.beat(name)
        try:
            return fault.plan(parsed, nodes.systems, Choice(3))
        except RefusedError as error:
            if "not Ready" in str(error):
                return None
            raise

    draft = wait_for(planned, DEADLINE_SECONDS)
    assert draft is not None
    return draft


def test_the_plan_names_the_nodes_their_pods_and_gpus_and_writes_nothing(nodes: Nodes) -> None:
    names = [nodes.add() for _ in range(2)]
    tolerant = [{"operator": "Exists"}]
    for app, node, tolerations in (("leaves", names[0], []), ("stays", names[0], tolerant), ("else", names[1], [])):
        _pod(nodes.cluster, app, node, tolerations)
    before = [nodes.as_made(name) for name in names]
    draft = plan(nodes, TaintNode(), names=[names[0]])
    assert [target.name for target in draft.targets] == [names[0]]
    assert draft.nodes == (names[0],)
    assert [(one.workload, one.pods, one.gpus) for one in draft.affected] == [("replicaset/leaves", ("leaves",), 1)]
    assert draft.gpus == 2
    assert draft.locks == (f"node:{names[0]}", f"workload:{nodes.cluster.namespace}/replicaset/leaves")
    assert plan(nodes, CordonNode(), names=[names[0]]).affected == ()
    assert [nodes.as_made(name) for name in names] == before


def test_a_pod_that_nothing_would_bring_back_keeps_its_node_from_being_taken(nodes: Nodes) -> None:
    name = nodes.add()
    _pod(nodes.cluster, "loner", name, [], owned=False)
    with pytest.raises(RefusedError, match=r"pod \S+/loner on node \S+ has no controller, so nothing would bring it"):
        plan(nodes, TaintNode())
    assert plan(nodes, CordonNode()).nodes == (name,)


def test_a_selector_that_matches_no_node_is_refused(nodes: Nodes) -> None:
    with pytest.raises(RefusedError, match="no node has labels 'pool=nobody'"):
        CordonNode().plan(NodeArguments(label_selector="pool=nobody"), nodes.systems, Choice(1))
    nodes.add()
    with pytest.raises(RefusedError, match="no node 'gpu-z' among those that match"):
        TaintNode().plan(
            TaintArguments(label_selector=f"pool={nodes.pool}", names=("gpu-z",)), nodes.systems, Choice(1)
        )


def _pod(cluster: Cluster, app: str, node: str, tolerations: list[Any], owned: bool = True) -> None:
    """A pod bound to a node, of a ReplicaSet that the test only pretends to have."""
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": app, "uid": str(uuid.uuid4()), "controller": True}
    metadata = {"name": app, "labels": {"app": app}, **({"ownerReferences": [owner]} if owned else {})}
    resources = {"limits": {"nvidia.com/gpu": "1"}, "requests": {"nvidia.com/gpu": "1"}}
    container = {"name": "main", "image": "registry.invalid/none", "command": ["none"], "resources": resources}
    spec = {"nodeName": node, "tolerations": tolerations, "containers": [container]}
    cluster.core.create_namespaced_pod(cluster.namespace, {"metadata": metadata, "spec": spec})


def test_the_permissions_of_the_plan_are_all_that_it_takes(
    nodes: Nodes, cluster_kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = nodes.add()
    _pod(nodes.cluster, "leaves", name, [])
    draft = plan(nodes, TaintNode())
    with restricted_kubeconfig(nodes.cluster, cluster_kubeconfig, draft.permissions, tmp_path) as path:
        monkeypatch.setenv("KUBECONFIG", str(path))
        with Systems() as restricted:
            asked = [restricted.kube.allowed(p.verb, p.resource, p.group, p.namespace) for p in draft.permissions]
            assert all(asked)
            assert not restricted.kube.allowed("delete", "nodes")
            nodes.systems, admin = restricted, nodes.systems
            try:
                hit = Hit(nodes, TaintNode(), name, cordon=True)
                hit.inject()
                assert hit.fault.in_effect(hit.injection, restricted)
                hit.undo()
                assert hit.undone()
            finally:
                nodes.systems = admin
    assert nodes.as_made(name)["taints"] == []
