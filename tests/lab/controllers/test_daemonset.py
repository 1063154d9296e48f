from typing import Any

from lab.controllers.daemonset import HASH_LABEL, belongs, plan, pod_for, status_of, target_of
from lab.controllers.selectors import node_selected
from lab.controllers.taints import NOT_READY, UNREACHABLE, UNSCHEDULABLE
from lab.kubeclient import Document
from tests.lab.controllers.objects import names, node, pod, taint

HASH = "now"


def daemon_set(update: Document | None = None, **pod_spec: Any) -> Document:
    spec = {"template": {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [], **pod_spec}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "d", "namespace": "n", "uid": "u", "generation": 2},
        "spec": {**spec, "updateStrategy": update or {"rollingUpdate": {"maxUnavailable": 1}}},
    }


def daemon(on: str, template: str = HASH, **more: Any) -> Document:
    return pod(f"on-{on}", node=on, labels={HASH_LABEL: template}, **more)


NODES = [node("a"), node("b")]


def test_every_node_that_lacks_its_pod_gets_one() -> None:
    assert plan(daemon_set(), NODES, [daemon("a")], HASH).create == ["b"]


def test_daemons_belong_on_cordoned_and_lost_nodes_but_not_on_tainted_ones() -> None:
    lost = [taint(UNREACHABLE), taint(UNREACHABLE, "NoExecute"), taint(UNSCHEDULABLE)]
    # A node that is not ready takes no new daemons but does not lose those it has.
    assert not belongs({}, node(taints=lost))
    assert belongs({}, node(taints=lost), ["NoExecute"])
    assert belongs({}, node(taints=[taint(UNSCHEDULABLE), taint(NOT_READY, "NoExecute")]))
    assert not belongs({}, node(taints=[taint("gpu")]))
    assert belongs({"tolerations": [{"key": "gpu", "operator": "Exists"}]}, node(taints=[taint("gpu")]))


def test_the_node_selector_is_heeded() -> None:
    labelled = node("c", labels={"gpu": "yes"})
    assert plan(daemon_set(nodeSelector={"gpu": "yes"}), [*NODES, labelled], [daemon("a")], HASH) == (
        ["c"],
        [daemon("a")],
    )


def test_failed_second_and_homeless_pods_go() -> None:
    mine = [daemon("a", phase="Failed"), daemon("b"), pod("second", node="b", ready=False), daemon("gone")]
    step = plan(daemon_set(), NODES, mine, HASH)
    assert sorted(names(step.delete)) == ["on-a", "on-gone", "second"]
    assert step.create == ["a"]


def test_a_successor_waits_for_the_pod_before_it() -> None:
    assert plan(daemon_set(), NODES, [daemon("a", going=True), daemon("b")], HASH) == ([], [])


def test_an_update_replaces_as_many_as_may_be_missing() -> None:
    old = [daemon("a", "old"), daemon("b", "old")]
    assert len(plan(daemon_set(), NODES, old, HASH).delete) == 1
    assert len(plan(daemon_set({"rollingUpdate": {"maxUnavailable": "100%"}}), NODES, old, HASH).delete) == 2
    assert plan(daemon_set(), NODES, [daemon("a", "old"), daemon("b", ready=False)], HASH).delete == []
    assert plan(daemon_set({"type": "OnDelete"}), NODES, old, HASH).delete == []


def test_an_update_replaces_pods_that_do_not_work_at_once() -> None:
    assert names(plan(daemon_set(), NODES, [daemon("a", "old", ready=False), daemon("b", "old")], HASH).delete) == [
        "on-a"
    ]


def test_a_daemon_pod_fits_its_node_only() -> None:
    made = pod_for(daemon_set(), "a", HASH)
    assert target_of(made) == "a"
    assert node_selected(made["spec"], node("a"))
    assert not node_selected(made["spec"], node("b"))
    assert made["metadata"]["labels"] == {"app": "d", HASH_LABEL: HASH}


def test_status() -> None:
    mine = [daemon("a"), daemon("b", "old", ready=False), daemon("elsewhere")]
    assert status_of(daemon_set(), NODES, mine, HASH) == {
        "desiredNumberScheduled": 2,
        "currentNumberScheduled": 2,
        "numberMisscheduled": 1,
        "numberReady": 1,
        "updatedNumberScheduled": 1,
        "numberAvailable": 1,
        "numberUnavailable": 1,
        "observedGeneration": 2,
    }
