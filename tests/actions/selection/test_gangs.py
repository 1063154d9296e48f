"""What labels tell of gangs and ranks."""

import pytest

from actions.selection.gangs import KUEUE_TOTAL, gang_of, rank_of
from actions.selection.pod import Pod
from tests.actions.selection.documents import pod


def labelled(labels: dict[str, str], annotations: dict[str, str] | None = None) -> Pod:
    return Pod.from_document(pod(metadata={"labels": labels, "annotations": annotations or {}}))


@pytest.mark.parametrize(
    ("labels", "kind", "name", "selector"),
    [
        ({"kueue.x-k8s.io/pod-group-name": "t"}, "podgroup", "t", "kueue.x-k8s.io/pod-group-name=t"),
        ({"scheduling.x-k8s.io/pod-group": "t"}, "podgroup", "t", "scheduling.x-k8s.io/pod-group=t"),
        ({"jobset.sigs.k8s.io/jobset-name": "t"}, "jobset", "t", "jobset.sigs.k8s.io/jobset-name=t"),
        ({"training.kubeflow.org/job-name": "t"}, "trainingjob", "t", "training.kubeflow.org/job-name=t"),
        ({"volcano.sh/job-name": "t"}, "vcjob", "t", "volcano.sh/job-name=t"),
        (
            {"leaderworkerset.sigs.k8s.io/name": "t", "leaderworkerset.sigs.k8s.io/group-index": "1"},
            "leaderworkerset",
            "t-1",
            "leaderworkerset.sigs.k8s.io/name=t,leaderworkerset.sigs.k8s.io/group-index=1",
        ),
    ],
)
def test_a_gang_is_known_by_its_operators_label(labels: dict[str, str], kind: str, name: str, selector: str) -> None:
    gang = gang_of(labelled({"app": "trainer", **labels}))
    assert gang is not None
    assert (gang.kind, gang.name, gang.selector) == (kind, name, selector)


def test_a_pod_without_such_a_label_is_of_no_gang() -> None:
    assert gang_of(labelled({"app": "llm", "kueue.x-k8s.io/queue-name": "q"})) is None


def test_a_group_that_is_declared_to_have_one_pod_is_no_gang() -> None:
    group = {"kueue.x-k8s.io/pod-group-name": "one"}
    assert gang_of(labelled(group, {KUEUE_TOTAL: "1"})) is None
    assert gang_of(labelled(group, {KUEUE_TOTAL: "2"})) is not None


@pytest.mark.parametrize(
    ("labels", "rank"),
    [
        ({"batch.kubernetes.io/job-completion-index": "3"}, 3),
        ({"leaderworkerset.sigs.k8s.io/worker-index": "0"}, 0),
        ({"training.kubeflow.org/replica-index": "1"}, 1),
        ({"apps.kubernetes.io/pod-index": "2"}, 2),
        ({"apps.kubernetes.io/pod-index": "two"}, None),
        ({"app": "llm"}, None),
    ],
)
def test_a_rank_is_read_from_the_index_that_the_operator_gave(labels: dict[str, str], rank: int | None) -> None:
    assert rank_of(labels) == rank
