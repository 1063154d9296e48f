"""The plan of any fault of pods: what was picked, what hangs on it, and who else would mind."""

from collections.abc import Mapping, Sequence

from actions.fault import Draft, Permission
from actions.selection.budgets import budgets_over
from actions.selection.picking import Picked
from actions.selection.pod import Pod
from actions.selection.workloads import Workloads, affected_by, locks_of, workload_of
from clients.kube import Kube

NO_DETAILS: Mapping[str, str] = {}


def draft_of(
    kube: Kube,
    picked: Picked,
    *,
    undo: str,
    permissions: Sequence[Permission],
    respected: bool = False,
    details: Mapping[str, Mapping[str, str]] | None = None,
    warnings: Sequence[str] = (),
) -> Draft:
    """The draft for these pods. `details` are further ones of each target, by the pod's uid."""
    workloads = Workloads(kube)
    affected = affected_by(kube, picked.pods)
    return Draft(
        targets=tuple(
            pod.target(workload=workload_of(workloads, pod), **(details or {}).get(pod.uid, NO_DETAILS))
            for pod in picked.pods
        ),
        undo=undo,
        locks=locks_of(affected),
        permissions=tuple(permissions),
        affected=affected,
        budgets=budgets_over(kube, picked.pods, respected),
        candidates=picked.candidates,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def names_of(pods: Sequence[Pod]) -> str:
    return ", ".join(pod.name for pod in pods)
