"""Whether a workload is whole, from what the API says of it."""

from typing import Any

import pytest

from probes.kube import describe, judge, label_selector


def pod(name: str, *, ready: bool = True, leaving: bool = False, **status: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    metadata = {"name": name, "uid": name, **({"deletionTimestamp": "x"} if leaving else {})}
    return {"metadata": metadata, "status": {"phase": "Running", "conditions": conditions, **status}}


def workload(wanted: int = 3, ready: int = 3, generation: int = 1, observed: int = 1) -> dict[str, Any]:
    return {
        "metadata": {"generation": generation},
        "spec": {"replicas": wanted},
        "status": {"readyReplicas": ready, "observedGeneration": observed},
    }


THREE = [pod("a"), pod("b"), pod("c")]


def test_a_workload_with_all_its_pods_ready_is_whole() -> None:
    assert judge(workload(), THREE).whole


@pytest.mark.parametrize(
    ("document", "pods"),
    [
        (workload(), THREE[:2]),
        (workload(), [*THREE[:2], pod("c", ready=False)]),
        (workload(), [*THREE[:2], pod("c", leaving=True)]),
        (workload(ready=2), THREE),
        (workload(generation=2), THREE),
        ({"metadata": {}, "spec": {"replicas": 1}}, [pod("a")]),
    ],
)
def test_a_workload_that_lacks_something_is_not(document: dict[str, Any], pods: list[dict[str, Any]]) -> None:
    assert not judge(document, pods).whole


def test_what_holds_a_workload_is_described() -> None:
    unscheduled = pod("b", ready=False, phase="Pending")
    unscheduled["status"]["conditions"] += [
        {"type": "PodScheduled", "status": "False", "message": "0/4 nodes have enough nvidia.com/gpu"}
    ]
    crashing = pod(
        "c",
        ready=False,
        containerStatuses=[{"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}}],
    )
    starting = pod("d", ready=False)
    assert describe(judge(workload(wanted=4), [pod("a"), unscheduled, crashing, starting])) == (
        "1 of 4 ready; pod b: not scheduled: 0/4 nodes have enough nvidia.com/gpu; "
        "pod c: CrashLoopBackOff back-off; pod d: Running, not ready"
    )


def test_a_selector_is_written_as_the_api_reads_it() -> None:
    selector = {
        "matchLabels": {"app": "llm", "tier": "gpu"},
        "matchExpressions": [
            {"key": "zone", "operator": "In", "values": ["a", "b"]},
            {"key": "old", "operator": "NotIn", "values": ["x"]},
            {"key": "on", "operator": "Exists"},
            {"key": "off", "operator": "DoesNotExist"},
        ],
    }
    assert label_selector(selector) == "app=llm,tier=gpu,zone in (a,b),old notin (x),on,!off"
