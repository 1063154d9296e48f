"""Which pods are taken: never more than asked, never so many that too few stay, never one that nothing replaces."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.targets import Owner, Pod, RefusedError, check_member, check_replaced, choose

OWNER = Owner("ReplicaSet", "llm-1", "rs")


def pod(number: int, *, ready: bool = True, terminating: bool = False, owner: Owner | None = OWNER) -> Pod:
    return Pod("ml-serving", f"llm-{number}", f"uid-{number}", "gpu-a", ready, terminating, owner)


pod_lists = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12).map(
    lambda flags: [pod(number, ready=ready, terminating=gone) for number, (ready, gone) in enumerate(flags)]
)


@given(pod_lists, st.integers(-1, 6), st.integers(-1, 6), st.integers(0, 2**32))
def test_the_limits_hold_for_every_listing(pods: list[Pod], count: int, min_ready_left: int, seed: int) -> None:
    ready = [one for one in pods if one.ready and not one.terminating]
    try:
        picked = choose(pods, count, min_ready_left, seed)
    except RefusedError:
        assert count < 1 or min_ready_left < 0 or not ready or len(ready) - count < min_ready_left
        return
    assert len(picked) == count == len(set(picked))
    assert set(picked) <= set(ready)
    assert len(ready) - len(picked) >= min_ready_left


@given(pod_lists.filter(lambda pods: any(one.ready and not one.terminating for one in pods)), st.data())
def test_the_same_seed_takes_the_same_pod_in_whatever_order_they_are_listed(pods: list[Pod], data: Any) -> None:
    shuffled = data.draw(st.permutations(pods))
    assert choose(pods, 1, 0, 7) == choose(shuffled, 1, 0, 7)


def test_every_ready_pod_is_taken_by_some_seed() -> None:
    pods = [pod(number) for number in range(3)]
    assert {choose(pods, 1, 1, seed)[0] for seed in range(50)} == set(pods)


@pytest.mark.parametrize(
    ("pods", "count", "left", "reason"),
    [
        ([pod(1)], 0, 1, "count must be at least 1"),
        ([pod(1)], 1, -1, "min_ready_left must be at least 0"),
        ([pod(1, ready=False), pod(2, terminating=True)], 1, 0, "of 2 matching pods none is ready"),
        ([pod(1)], 1, 1, "taking 1 of 1 ready pods leaves 0, and 1 must stay ready"),
        ([pod(1, owner=None), pod(2, owner=None)], 1, 1, "has no controller"),
        ([pod(1, owner=Owner("Job", "trainer", "j"))], 1, 0, "belongs to Job trainer"),
    ],
)
def test_a_refusal_names_the_limit(pods: list[Pod], count: int, left: int, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        choose(pods, count, left, seed=1)


def controller(**changes: Any) -> dict[str, Any]:
    return {"metadata": {"uid": "rs", **changes.pop("metadata", {})}, "spec": {"replicas": 3, **changes}}


def test_a_controller_that_runs_replaces_its_pod() -> None:
    check_replaced(pod(1), controller())


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (controller(metadata={"uid": "another"}), "belongs to an older ReplicaSet llm-1"),
        (controller(metadata={"deletionTimestamp": "2026-11-22T10:00:00Z"}), "is being deleted"),
        (controller(replicas=0), "is scaled to 0"),
    ],
)
def test_a_controller_that_would_not_replace_the_pod_is_refused(document: dict[str, Any], reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        check_replaced(pod(1), document)


def test_a_pod_is_read_from_its_document() -> None:
    document = {
        "metadata": {
            "namespace": "ml-serving",
            "name": "llm-1",
            "uid": "uid-1",
            "ownerReferences": [
                {"kind": "Node", "name": "n", "uid": "n"},
                {"kind": "ReplicaSet", "name": "llm-1", "uid": "rs", "controller": True},
            ],
        },
        "spec": {"nodeName": "gpu-a"},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    assert Pod.from_document(document) == pod(1)


def test_a_pod_that_was_only_just_made_is_not_ready_and_nowhere() -> None:
    document = {"metadata": {"namespace": "n", "name": "p", "uid": "u", "deletionTimestamp": "x"}}
    assert Pod.from_document(document) == Pod("n", "p", "u", "", ready=False, terminating=True, owner=None)


@pytest.mark.parametrize(
    ("workload", "allowed"),
    [("deployment/llm", True), ("ReplicaSet/llm-1", True), ("deployment/ranker", False), ("statefulset/llm", False)],
)
def test_only_pods_of_the_watched_workload_are_killed(workload: str, allowed: bool) -> None:
    owner = Owner("ReplicaSet", "llm-1", "u")
    pod = Pod(namespace="n", name="p", uid="p", node="x", ready=True, terminating=False, owner=owner)
    above = {"kind": "Deployment", "name": "llm", "controller": True}
    controller = {"metadata": {"name": "llm-1", "uid": "u", "ownerReferences": [above]}}
    if allowed:
        check_member(pod, controller, workload)
    else:
        with pytest.raises(RefusedError, match=r"pod p is not of .* but of ReplicaSet/llm-1 in Deployment/llm"):
            check_member(pod, controller, workload)
