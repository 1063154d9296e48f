from typing import Any

from lab.controllers.deployment import HASH_LABEL, REVISION, beyond_history, replica_set_for, revision_of
from lab.controllers.deployment_status import deadline_passes_in, status_of
from lab.controllers.owners import template_hash
from lab.kubeclient import Document


def deployment(status: Document | None = None, **spec: Any) -> Document:
    template = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": []}}
    body = {"replicas": 2, "selector": {"matchLabels": {"app": "x"}}, "template": template, **spec}
    metadata = {"name": "d", "namespace": "n", "uid": "u", "generation": 3, "annotations": {"note": "kept"}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": body, "status": status or {}}


def replica_set(name: str, replicas: int, available: int | None = None, revision: int = 1) -> Document:
    present = replicas if available is None else available
    counts = {"replicas": replicas, "readyReplicas": present, "availableReplicas": present}
    metadata = {"name": name, "annotations": {REVISION: str(revision)}}
    return {"metadata": metadata, "spec": {"replicas": replicas}, "status": counts}


def reasons(status: Document) -> dict[str, tuple[str, str]]:
    return {c["type"]: (c["status"], c["reason"]) for c in status["conditions"]}


def test_equal_templates_hash_equally_whatever_their_order() -> None:
    assert template_hash({"a": 1, "b": {"c": 2}}) == template_hash({"b": {"c": 2}, "a": 1})
    assert template_hash({"a": 1}) != template_hash({"a": 2})


def test_a_replica_set_is_named_labelled_and_selected_by_the_hash() -> None:
    made = replica_set_for(deployment(), "h4sh", 7)
    assert made["metadata"]["name"] == "d-h4sh"
    assert made["metadata"]["annotations"] == {
        "note": "kept",
        REVISION: "7",
        "deployment.kubernetes.io/desired-replicas": "2",
    }
    assert made["metadata"]["ownerReferences"][0]["uid"] == "u"
    labels = {"app": "x", HASH_LABEL: "h4sh"}
    assert made["spec"]["selector"]["matchLabels"] == made["spec"]["template"]["metadata"]["labels"] == labels
    assert made["spec"]["replicas"] == 0


def test_a_template_is_not_changed_by_making_a_replica_set_of_it() -> None:
    original = deployment()
    replica_set_for(original, "h4sh", 1)
    assert original == deployment()


def test_history_keeps_the_highest_revisions() -> None:
    old = [replica_set(f"r{i}", 0, revision=i) for i in (3, 1, 2)] + [replica_set("live", 1, revision=0)]
    assert [s["metadata"]["name"] for s in beyond_history(deployment(revisionHistoryLimit=1), old)] == ["r1", "r2"]
    assert beyond_history(deployment(), old) == []
    assert revision_of({"metadata": {"annotations": {REVISION: "nonsense"}}}) == 0


def test_a_complete_deployment_is_available_and_progressed() -> None:
    new = replica_set("new", 2)
    status = status_of(deployment(), [replica_set("old", 0), new], new)
    assert {k: v for k, v in status.items() if k != "conditions"} == {
        "observedGeneration": 3,
        "replicas": 2,
        "updatedReplicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "unavailableReplicas": 0,
    }
    assert reasons(status) == {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }
    assert deadline_passes_in(deployment()["spec"], status) is None


def test_a_rollout_under_way_is_progressing_and_has_a_deadline() -> None:
    new = replica_set("new", 1, 0)
    status = status_of(deployment(), [replica_set("old", 1), new], new)
    assert reasons(status) == {
        "Available": ("False", "MinimumReplicasUnavailable"),
        "Progressing": ("True", "ReplicaSetUpdated"),
    }
    left = deadline_passes_in(deployment()["spec"], status)
    assert left is not None
    assert 590 < left.total_seconds() <= 600


def stalled(**spec: Any) -> tuple[Document, Document]:
    """A deployment whose last progress is long ago, and its only ReplicaSet."""
    new = replica_set("new", 2, 1)
    before = status_of(deployment(**spec), [new], new)
    for condition in before["conditions"]:
        condition["lastUpdateTime"] = condition["lastTransitionTime"] = "2026-01-01T00:00:00Z"
    return deployment(before, **spec), new


def test_no_progress_for_too_long_is_said() -> None:
    late, new = stalled(progressDeadlineSeconds=5)
    assert reasons(status_of(late, [new], new))["Progressing"] == ("False", "ProgressDeadlineExceeded")


def test_progress_moves_the_deadline() -> None:
    late, _ = stalled(progressDeadlineSeconds=5)
    moved = replica_set("new", 2, 0)
    status = status_of(late, [moved], moved)
    assert reasons(status)["Progressing"] == ("True", "ReplicaSetUpdated")
    left = deadline_passes_in(late["spec"], status)
    assert left is not None
    assert left.total_seconds() > 3


def test_pods_lost_after_a_rollout_begin_no_new_one() -> None:
    new = replica_set("new", 2)
    done = deployment(status_of(deployment(), [new], new))
    fewer = replica_set("new", 2, 1)
    assert reasons(status_of(done, [fewer], fewer)) == {
        "Available": ("False", "MinimumReplicasUnavailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }


def test_an_unchanged_deployment_keeps_its_status_to_the_letter() -> None:
    """Otherwise each status written would be a reason to write the next."""
    for new in (replica_set("new", 2), replica_set("new", 2, 1)):
        first = status_of(deployment(), [new], new)
        assert status_of(deployment(first), [new], new) == first


def test_a_paused_deployment_says_so() -> None:
    new = replica_set("new", 1)
    assert reasons(status_of(deployment(paused=True), [new], new))["Progressing"] == ("Unknown", "DeploymentPaused")


def test_recreate_needs_all_pods_to_be_available() -> None:
    new = replica_set("new", 8, 7)
    recreate = deployment(replicas=8, strategy={"type": "Recreate"})
    assert reasons(status_of(recreate, [new], new))["Available"][0] == "False"
    assert reasons(status_of(deployment(replicas=8), [new], new))["Available"][0] == "True"
