"""What is read of a pod's document."""

from typing import Any

import pytest

from actions.selection.pod import Owner, Pod
from tests.actions.selection.documents import owner, pod


def test_a_pod_is_read_with_its_place_owner_and_containers() -> None:
    probe = {"periodSeconds": 2, "failureThreshold": 5}
    read = Pod.from_document(
        pod(
            metadata={"ownerReferences": [owner("ReplicaSet", "llm-5f")]},
            spec={"containers": [{"name": "main", "livenessProbe": probe}], "restartPolicy": "OnFailure"},
        )
    )
    assert (read.namespace, read.name, read.uid, read.node) == ("ml-serving", "llm-1", "uid-llm-1", "gpu-a")
    assert read.owner == Owner("ReplicaSet", "llm-5f", "owner", "apps")
    assert read.restart_policy == "OnFailure"
    (container,) = read.containers
    assert (container.id, container.running, container.liveness_seconds) == ("containerd://1", True, 10.0)
    assert str(read.target(container="main")) == "pod ml-serving/llm-1"
    assert read.target(container="main").details == {"node": "gpu-a", "container": "main"}


@pytest.mark.parametrize(
    ("said", "healthy"),
    [
        ({}, True),
        ({"status": {"conditions": [{"type": "Ready", "status": "False"}]}}, False),
        ({"status": {"conditions": None}}, False),
        ({"status": {"phase": "Succeeded"}}, False),
        ({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}, False),
    ],
)
def test_only_a_ready_pod_that_is_to_stay_is_worth_breaking(said: dict[str, Any], healthy: bool) -> None:
    assert Pod.from_document(pod(**said)).healthy is healthy


def test_an_owner_that_does_not_control_it_is_none() -> None:
    reference = owner("ReplicaSet", "llm") | {"controller": False}
    assert Pod.from_document(pod(metadata={"ownerReferences": [reference]})).owner is None


def test_a_core_kind_and_a_kind_of_somebody_else_differ_by_their_group() -> None:
    core = Pod.from_document(pod(metadata={"ownerReferences": [owner("ReplicationController", "a", "1", "v1")]}))
    volcano = Pod.from_document(
        pod(metadata={"ownerReferences": [owner("Job", "a", "1", "batch.volcano.sh/v1alpha1")]})
    )
    assert core.owner is not None
    assert core.owner.group == ""
    assert volcano.owner is not None
    assert volcano.owner.group == "batch.volcano.sh"


@pytest.mark.parametrize(
    ("limits", "gpus"),
    [
        ({"nvidia.com/gpu": "2", "memory": "1Gi"}, 2),
        ({"amd.com/gpu": 1}, 1),
        ({"nvidia.com/mig-1g.10gb": "3"}, 3),
        ({"gpu.intel.com/i915": "1"}, 1),
        ({"memory": "1Gi"}, 0),
        (None, 0),
    ],
)
def test_gpus_of_every_maker_are_counted(limits: dict[str, object] | None, gpus: int) -> None:
    assert Pod.from_document(pod(spec={"containers": [{"name": "main", "resources": {"limits": limits}}]})).gpus == gpus


@pytest.mark.parametrize("setting", ["shareProcessNamespace", "hostPID"])
def test_a_pod_whose_containers_see_processes_of_others_is_known(setting: str) -> None:
    assert Pod.from_document(pod(spec={"containers": [], setting: True})).shared_processes
