"""Gangs: pods that are of use only together, such as the ranks of one training run. Pure.

What makes a gang is a label that its operator puts on each of its pods; an indexed Job with several ranks at a time is
one too (see workloads.py: its pods alone do not tell).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from actions.selection.pod import Pod

KUEUE_TOTAL = "kueue.x-k8s.io/pod-group-total-count"

_NAMED = (
    ("leaderworkerset", "leaderworkerset.sigs.k8s.io/name", "leaderworkerset.sigs.k8s.io/group-index"),
    ("jobset", "jobset.sigs.k8s.io/jobset-name", ""),
    ("trainingjob", "training.kubeflow.org/job-name", ""),
    ("vcjob", "volcano.sh/job-name", ""),
    ("podgroup", "kueue.x-k8s.io/pod-group-name", ""),
    ("podgroup", "scheduling.x-k8s.io/pod-group", ""),
    ("podgroup", "pod-group.scheduling.sigs.k8s.io", ""),
    ("podgroup", "pod-group.scheduling.sigs.k8s.io/name", ""),
)
"""Kind, the label with the gang's name, and the one that tells gangs of one name apart (each group of a
LeaderWorkerSet serves for itself). Kubeflow, Volcano, Kueue, the coscheduling plugin in its releases, KubeDL."""

_RANKS = (
    "batch.kubernetes.io/job-completion-index",
    "leaderworkerset.sigs.k8s.io/worker-index",
    "training.kubeflow.org/replica-index",
    "volcano.sh/task-index",
    "apps.kubernetes.io/pod-index",
)


@dataclass(frozen=True, slots=True)
class Gang:
    """A gang by its kind and name; `labels` find its pods in their namespace."""

    kind: str
    name: str
    labels: tuple[tuple[str, str], ...]

    @property
    def selector(self) -> str:
        return ",".join(f"{key}={value}" for key, value in self.labels)


def gang_of(pod: Pod) -> Gang | None:
    """The gang that a pod's labels say it is of; a group that is declared to have one pod is none."""
    if pod.annotations.get(KUEUE_TOTAL) == "1":
        return None
    for kind, label, part in _NAMED:
        name = pod.labels.get(label)
        if name:
            labels = tuple((key, pod.labels[key]) for key in (label, part) if key in pod.labels)
            return Gang(kind, "-".join(value for _, value in labels), labels)
    return None


def rank_of(labels: Mapping[str, str]) -> int | None:
    """A pod's rank (its index) in its gang, where its labels tell it."""
    ranks = (labels.get(label, "") for label in _RANKS)
    return next((int(rank) for rank in ranks if rank.isdigit()), None)
