"""Whether a workload is whole, from what the API says of it."""

from typing import Any

import pytest

from probes import kube
from probes.kube import NotHealedError, describe, healed, judge, label_selector, lacking


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


def deployment(wanted: int = 3, **status: int) -> dict[str, Any]:
    document = workload(wanted)
    counted = {"replicas": wanted, "availableReplicas": wanted, "updatedReplicas": wanted, "readyReplicas": wanted}
    document["status"] |= counted | status
    return document


def test_a_whole_workload_lacks_nothing() -> None:
    document = deployment()
    assert lacking("Deployment", document, judge(document, THREE)) == ""


@pytest.mark.parametrize(
    ("document", "pods", "said"),
    [
        (deployment(), THREE[:2], "2 of 3 ready"),
        (deployment(readyReplicas=2), THREE, "2 of 3 ready"),
        (deployment(availableReplicas=1), THREE, "1 of 3 available"),
        (deployment(updatedReplicas=0), THREE, "0 of 3 updated"),
        (deployment(replicas=4), THREE, "4 replicas instead of 3: a rollout or a scale-down is under way"),
        (deployment(observedGeneration=0), THREE, "a change that its controller has not seen yet"),
        (deployment(wanted=0), [], "no replicas to lose: it wants 0"),
        (workload(), THREE, "0 of 3 available"),
    ],
)
def test_what_a_workload_lacks_is_told(document: dict[str, Any], pods: list[dict[str, Any]], said: str) -> None:
    assert lacking("Deployment", document, judge(document, pods)) == said


class Stuck:
    """A cluster in which llm has one replica of three, and a clock that only its readers' sleep moves."""

    now = 0.0

    def __enter__(self) -> "Stuck":
        return self

    def __exit__(self, *_: object) -> None: ...

    def workload(self, *_: str) -> dict[str, Any]:
        return {**deployment(), "spec": {"replicas": 3, "selector": {}}}

    def pods(self, *_: str) -> list[dict[str, Any]]:
        return THREE[:1] if self.now < 5 else THREE[:2]

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_what_is_waited_for_is_said_when_it_changes_and_else_now_and_then(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stuck = Stuck()
    monkeypatch.setattr(kube, "Kube", lambda: stuck)
    monkeypatch.setattr(kube, "time", stuck)
    monkeypatch.setattr(kube.logger, "propagate", True)
    with caplog.at_level("INFO", "chaostoolkit"), pytest.raises(NotHealedError, match="2 of 3 ready"):
        healed("ns", "deployment/llm", within_seconds=20)
    said = [message.rpartition(": ")[2] for message in caplog.messages]
    assert said == ["1 of 3 ready", "2 of 3 ready", "2 of 3 ready"]


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
