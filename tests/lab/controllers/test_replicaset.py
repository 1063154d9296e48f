from lab.controllers.replicaset import DELETION_COST, deletion_order, status_of
from lab.controllers.timestamps import parse
from lab.kubeclient import Document
from tests.lab.controllers.objects import T0, names, pod

AT = parse("2026-01-01T01:00:00Z")


def order(*pods: Document) -> list[str]:
    return names(deletion_order(list(pods), AT))


def test_pods_that_are_missed_least_go_first() -> None:
    assert order(
        pod("ready", node="a"),
        pod("not-ready", node="b", ready=False),
        pod("pending", node="c", phase="Pending"),
        pod("unbound", phase="Pending"),
    ) == ["unbound", "pending", "not-ready", "ready"]


def test_a_cheap_pod_goes_before_a_dear_one() -> None:
    cheap = pod("cheap", node="a", annotations={DELETION_COST: "-5"})
    assert order(pod("plain", node="b"), pod("odd", node="d", annotations={DELETION_COST: "much"}), cheap)[0] == "cheap"


def test_the_node_with_most_of_them_gives_first() -> None:
    assert order(pod("alone", node="a"), pod("one", node="b"), pod("two", node="b"))[-1] == "alone"


def test_the_newest_goes_first_among_equals() -> None:
    older = pod("older", node="a", since=T0)
    newer = pod("newer", node="b", since="2026-01-01T00:30:00Z")
    assert order(older, newer) == ["newer", "older"]
    made = [pod(name, node=name, ready=False, created=at) for name, at in (("a", T0), ("b", "2026-01-01T00:00:05Z"))]
    assert order(*made) == ["b", "a"]


def replica_set(**spec: int) -> Document:
    template = {"metadata": {"labels": {"app": "x"}}, "spec": {}}
    return {"metadata": {"generation": 4}, "spec": {"template": template, **spec}}


def test_status_counts_ready_available_and_fully_labelled_pods() -> None:
    active = [
        pod("a", labels={"app": "x", "more": "y"}),
        pod("b", since="2026-01-01T00:59:58Z"),
        pod("c", ready=False, labels={"app": "x"}),
    ]
    assert status_of(replica_set(minReadySeconds=10), active, AT) == {
        "replicas": 3,
        "fullyLabeledReplicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 1,
        "observedGeneration": 4,
    }
