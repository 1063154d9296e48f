from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.controllers.scheduling.choice import choose
from lab.controllers.scheduling.places import Places
from lab.kubeclient import Document
from tests.lab.controllers.objects import node, pod, reference, taint

ZONE = "topology.kubernetes.io/zone"
HOST = "kubernetes.io/hostname"
GPU_TAINT = taint("nvidia.com/gpu", "NoSchedule", "present")


def places(*nodes: Document, pods: tuple[Document, ...] = ()) -> Places:
    made = Places()
    for one in nodes:
        made.set_node(one)
    for one in pods:
        made.set_pod(one)
    return made


def put(of: Document, where: Places) -> str:
    """Choose and assume; the node, or the message."""
    choice = choose(of, where.nodes())
    if choice.node:
        where.assume(of, choice.node)
    return choice.node or choice.message


def test_no_nodes() -> None:
    assert put(pod(), places()) == "no nodes available to schedule pods"


def test_reasons_are_counted_and_sorted_as_kubernetes_says_them() -> None:
    where = places(
        node("cpu-a"),
        node("cpu-b"),
        node("gpu-a", taints=[GPU_TAINT]),
        node("gpu-b", unschedulable=True),
    )
    assert put(pod(requests={"nvidia.com/gpu": "1"}), where) == (
        "0/4 nodes are available: 1 node(s) had untolerated taint {nvidia.com/gpu: present}, "
        "1 node(s) were unschedulable, 2 Insufficient nvidia.com/gpu."
    )


def test_the_first_rule_broken_is_the_reason_and_every_resource_lacking_is_told() -> None:
    where = places(node("a", cpu="1", memory="1Gi"))
    assert put(pod(requests={"cpu": "2", "memory": "2Gi"}), where) == (
        "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory."
    )
    assert put(pod(requests={"cpu": "2"}, nodeSelector={"x": "y"}), where) == (
        "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
    )


def test_a_cordoned_node_takes_pods_that_tolerate_it() -> None:
    where = places(node("a", unschedulable=True, taints=[taint("node.kubernetes.io/unschedulable")]))
    assert "1 node(s) were unschedulable" in put(pod(), where)
    daemon = pod(tolerations=[{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}])
    assert put(daemon, where) == "a"


def test_a_toleration_opens_a_tainted_node() -> None:
    where = places(node("gpu", taints=[GPU_TAINT], nvidia_com__gpu="4"))
    tolerations = [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    wanted = [pod(f"p{i}", requests={"nvidia.com/gpu": "2"}, tolerations=tolerations) for i in range(3)]
    assert [put(p, where) for p in wanted] == ["gpu", "gpu", "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."]


def test_finished_pods_give_their_room_back() -> None:
    big = {"cpu": "8"}
    where = places(node("a"), pods=(pod("old", node="a", requests=big),))
    assert "Insufficient cpu" in put(pod("new", requests=big), where)
    where.set_pod(pod("old", node="a", requests=big, phase="Succeeded"))
    assert put(pod("new", requests=big), where) == "a"


def test_terminating_pods_hold_their_room() -> None:
    where = places(node("a"), pods=(pod("old", node="a", requests={"cpu": "8"}, going=True),))
    assert "Insufficient cpu" in put(pod("new", requests={"cpu": "1"}), where)


def test_the_emptiest_node_is_best() -> None:
    where = places(node("a"), node("b"), pods=(pod("x", node="a", requests={"cpu": "4"}),))
    assert put(pod(), where) == "b"


def test_pods_of_one_owner_are_spread_over_nodes_and_zones() -> None:
    owner = reference("ReplicaSet", "r", "u")
    where = places(*(node(f"{zone}{i}", labels={ZONE: zone}) for zone in "ab" for i in range(2)))
    got = [put(pod(f"p{i}", owner=owner), where) for i in range(4)]
    assert sorted(got) == ["a0", "a1", "b0", "b1"]
    assert {name[0] for name in got[:2]} == {"a", "b"}


def test_discouraging_taints_and_preferred_labels_are_heeded() -> None:
    where = places(node("a", taints=[taint("x", "PreferNoSchedule")]), node("b"), node("c", labels={"fast": "yes"}))
    preference = {"weight": 50, "preference": {"matchExpressions": [{"key": "fast", "operator": "Exists"}]}}
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [preference]}}
    assert put(pod("p1"), where) == "b"
    assert put(pod("p2", affinity=affinity), where) == "c"


def anti(key: str = HOST, **labels: str) -> dict[str, Any]:
    term = {"topologyKey": key, "labelSelector": {"matchLabels": labels}}
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def close(key: str = ZONE, **labels: str) -> dict[str, Any]:
    term = {"topologyKey": key, "labelSelector": {"matchLabels": labels}}
    return {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def test_anti_affinity_keeps_equal_pods_apart() -> None:
    where = places(node("a"), node("b"))
    ranks = [pod(f"r{i}", labels={"app": "t"}, affinity=anti(app="t")) for i in range(3)]
    refused = "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules."
    assert [put(p, where) for p in ranks] == ["a", "b", refused]


def test_a_pod_that_wants_to_be_alone_shuns_the_others() -> None:
    where = places(node("a"), pods=(pod("one", node="a", labels={"app": "t"}),))
    refused = "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules."
    assert put(pod("two", affinity=anti(app="t")), where) == refused


def test_pods_that_want_to_be_alone_keep_others_away() -> None:
    where = places(node("a"), pods=(pod("alone", node="a", affinity=anti(app="t")),))
    assert put(pod(labels={"app": "t"}), where) == (
        "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules."
    )
    assert put(pod(labels={"app": "other"}), where) == "a"


def test_pods_of_other_namespaces_are_not_meant() -> None:
    where = places(node("a"), pods=(pod("alone", node="a", affinity=anti(app="t")),))
    foreign = pod("f", labels={"app": "t"})
    foreign["metadata"]["namespace"] = "other"
    assert put(foreign, where) == "a"


def test_affinity_follows_the_pods_it_likes() -> None:
    where = places(
        node("a", labels={ZONE: "a"}),
        node("b", labels={ZONE: "b"}),
        pods=(pod("liked", node="b", labels={"app": "db"}),),
    )
    assert put(pod(affinity=close(app="db")), where) == "b"


def test_affinity_to_nobody_is_unsatisfied_but_a_group_may_begin() -> None:
    where = places(node("a", labels={ZONE: "a"}), node("unlabelled"))
    assert put(pod(affinity=close(app="db")), where).endswith("2 node(s) didn't match pod affinity rules.")
    assert put(pod(labels={"app": "t"}, affinity=close(app="t")), where) == "a"


def spread(skew: int = 1, **more: Any) -> list[Document]:
    rule = {"maxSkew": skew, "topologyKey": ZONE, "whenUnsatisfiable": "DoNotSchedule"}
    return [{**rule, "labelSelector": {"matchLabels": {"app": "t"}}, **more}]


def test_spreading_refuses_a_zone_that_is_ahead() -> None:
    held = pod("one", node="a", labels={"app": "t"})
    full = pod("full", node="b", requests={"cpu": "8"})
    where = places(node("a", labels={ZONE: "a"}), node("b", labels={ZONE: "b"}), node("none"), pods=(held, full))
    assert put(pod("two", labels={"app": "t"}, requests={"cpu": "1"}, topologySpreadConstraints=spread()), where) == (
        "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match pod topology spread constraints, "
        "1 node(s) didn't match pod topology spread constraints (missing required label)."
    )
    assert (
        put(pod("three", labels={"app": "t"}, requests={"cpu": "1"}, topologySpreadConstraints=spread(2)), where) == "a"
    )


def test_pods_that_are_going_do_not_count_for_spreading() -> None:
    held = pod("one", node="a", labels={"app": "t"}, going=True)
    where = places(node("a", labels={ZONE: "a"}), node("b", labels={ZONE: "b"}, taints=[GPU_TAINT]), pods=(held,))
    assert put(pod("two", labels={"app": "t"}, topologySpreadConstraints=spread()), where) == "a"


def test_a_wish_to_spread_refuses_nothing() -> None:
    where = places(node("a"))
    wish = spread(whenUnsatisfiable="ScheduleAnyway")
    assert put(pod(labels={"app": "t"}, topologySpreadConstraints=wish), where) == "a"


@pytest.mark.parametrize("going", [False, True])
def test_counts_follow_the_pods(going: bool) -> None:
    """Counts are kept between decisions; a pod that changes must change them."""
    where = places(node("a", labels={ZONE: "a"}), node("b", labels={ZONE: "b"}))
    wanted: dict[str, Any] = {"labels": {"app": "t"}, "topologySpreadConstraints": spread()}
    first, second = pod("one", **wanted), pod("two", **wanted)
    assert {put(first, where), put(second, where)} == {"a", "b"}
    if going:
        where.set_pod(pod("one", node="a", going=True, **wanted))
    else:
        where.remove_pod("uid-one")
    assert put(pod("three", **wanted), where) == "a"


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 8), st.integers(0, 4)), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 3), st.booleans()), max_size=25),
)
def test_no_node_is_ever_given_more_than_it_has_and_room_is_used(
    sizes: list[tuple[int, int]], wishes: list[tuple[int, int, bool]]
) -> None:
    nodes = [node(f"n{i}", cpu=str(cpu), nvidia_com__gpu=str(gpu)) for i, (cpu, gpu) in enumerate(sizes)]
    where = places(*nodes)
    used: dict[str, Counter[str]] = {f"n{i}": Counter() for i in range(len(sizes))}
    limit = {f"n{i}": {"cpu": cpu * 1000, "gpu": gpu} for i, (cpu, gpu) in enumerate(sizes)}
    for number, (cpu, gpu, stays) in enumerate(wishes):
        of = pod(f"p{number}", requests={"cpu": f"{cpu}m", "nvidia.com/gpu": str(gpu)})
        got = put(of, where)
        wish = {"cpu": cpu, "gpu": gpu}
        fits = [n for n in used if all(used[n][k] + wish[k] <= limit[n][k] for k in wish)]
        assert (got in fits) if fits else got.startswith("0/")
        if not fits:
            continue
        if stays:
            used[got].update(wish)
        else:
            where.remove_pod(of["metadata"]["uid"])
