"""Whether a pod comes back is known before it is taken."""

from typing import Any

import pytest

from actions.fault import RefusedError
from actions.pods.replacing import check_controller
from actions.selection.pod import Owner, Pod

POD = Pod("ml-serving", "llm-1", "uid-1")


def controller(spec: dict[str, Any], status: dict[str, Any] | None = None, **metadata: str) -> dict[str, Any]:
    return {"metadata": metadata, "spec": spec, "status": status or {}}


def check(kind: str, document: dict[str, Any], taken: int = 1) -> None:
    check_controller(POD, Owner(kind, "llm", "owner"), document, taken)


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("ReplicaSet", controller({"replicas": 1})),
        ("StatefulSet", controller({})),
        ("DaemonSet", controller({})),
        ("Job", controller({"backoffLimit": 3}, {"failed": 2})),
        ("Job", controller({"backoffLimit": 0, "backoffLimitPerIndex": 5})),
    ],
)
def test_a_controller_at_work_replaces_its_pods(kind: str, document: dict[str, Any]) -> None:
    check(kind, document)


@pytest.mark.parametrize(
    ("kind", "document", "reason"),
    [
        ("ReplicaSet", controller({"replicas": 0}), "ReplicaSet llm is scaled to 0"),
        ("DaemonSet", controller({}, deletionTimestamp="x"), "DaemonSet llm is being deleted"),
        ("Job", controller({"suspend": True}), "Job llm is over or suspended"),
        ("Job", controller({}, {"conditions": [{"type": "Complete", "status": "True"}]}), "is over or suspended"),
        ("Job", controller({}, {"failed": 6}), "gives up after 6 failures .* has had 6: losing 1 more"),
        ("Job", controller({"backoffLimit": 0}), "gives up after 0 failures"),
    ],
)
def test_one_that_would_not_is_told(kind: str, document: dict[str, Any], reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        check(kind, document)


def test_a_job_must_bear_all_that_are_taken_at_once() -> None:
    job = controller({"backoffLimit": 3}, {"failed": 1})
    check("Job", job, taken=2)
    with pytest.raises(RefusedError, match="losing 3 more of its pods would end it for good"):
        check("Job", job, taken=3)
