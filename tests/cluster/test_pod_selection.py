"""Which pods are picked on a Kubernetes API: by label, count, share, node and zone, and never any other."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from actions.choice import Choice
from actions.fault import RefusedError
from actions.selection.arguments import PodSelection
from actions.selection.picking import pick_pods
from clients.kube import Kube, Resource
from tests.cluster.workloads import NOBODY, Cluster
from tests.waiting import wait_for

pytestmark = pytest.mark.cluster

NODES = Resource("nodes")
ZONE = "topology.kubernetes.io/zone"


class Pool:
    """Nodes of the test's own in two zones, without machines: a, b in one, c in the other; two pods on each."""

    def __init__(self, cluster: Cluster, kube: Kube) -> None:
        self.cluster, self.kube = cluster, kube
        self._mark = uuid.uuid4().hex[:8]
        self.zones = {name: self.named(f"zone-{zone}") for name, zone in (("a", "1"), ("b", "1"), ("c", "2"))}

    def named(self, name: str) -> str:
        return f"test-{self._mark}-{name}"

    def fill(self) -> None:
        for name, zone in self.zones.items():
            metadata = {"name": self.named(name), "labels": {ZONE: zone}}
            self.kube.create(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": metadata})
            for number in range(2):
                self.add(f"llm-{name}-{number}", name)
        self.add("other", "a", app="gateway")
        wait_for(lambda: len(self.cluster.ready_uids()) == 6, 20)

    def add(self, pod: str, node: str, app: str = "llm") -> None:
        container = {"name": "main", "image": "registry.invalid/none"}
        spec = {"schedulerName": NOBODY, "nodeName": self.named(node), "containers": [container]}
        body = {"metadata": {"name": pod, "labels": {"app": app}}, "spec": spec}
        self.cluster.core.create_namespaced_pod(self.cluster.namespace, body)

    def clear(self) -> None:
        for name in self.zones:
            self.kube.delete(NODES, self.named(name))

    def picked(self, seed: int = 7, **wanted: Any) -> list[str]:
        """Names of the picked pods."""
        selection = {"namespace": self.cluster.namespace, "label_selector": "app=llm", **wanted}
        found = pick_pods(self.kube, PodSelection.model_validate(selection), Choice(seed))
        return sorted(pod.name for pod in found.pods)


@pytest.fixture
def pool(cluster: Cluster) -> Iterator[Pool]:
    with Kube() as kube:
        made = Pool(cluster, kube)
        try:
            made.fill()
            yield made
        finally:
            made.clear()


def test_pods_are_picked_by_where_they_are_and_by_how_many(pool: Pool) -> None:
    assert pool.picked(node=pool.named("b"), count=2) == ["llm-b-0", "llm-b-1"]
    assert pool.picked(zone=pool.zones["c"], percent=100) == ["llm-c-0", "llm-c-1"]
    assert pool.picked(zone=pool.zones["a"], percent=100) == ["llm-a-0", "llm-a-1", "llm-b-0", "llm-b-1"]
    assert pool.picked(label_selector="app in (gateway)") == ["other"]
    for share, taken in ((50, 3), (49, 2), (100, 6)):
        assert len(pool.picked(percent=share)) == taken

    assert pool.picked(1, count=3) == pool.picked(1, count=3)
    assert {one for seed in range(40) for one in pool.picked(seed)} == {f"llm-{a}-{b}" for a in "abc" for b in "01"}
    with pytest.raises(RefusedError, match="3 ready pods"):
        pool.picked(node=pool.named("a"), count=3)
    with pytest.raises(RefusedError, match="less than one"):
        pool.picked(node=pool.named("a"), percent=49)
