"""Picking pods: by their metadata alone, so that a large namespace costs little, and then the picked ones in full.

The order in which candidates are taken depends on the seed and on each candidate's uid only (see actions.choice), so it
does not matter how they were listed; the first healthy ones in that order are the picks.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from actions.choice import Choice
from actions.fault import RefusedError
from actions.selection.arguments import PodSelection
from actions.selection.listing import field_selectors, list_candidates, list_in_full, read_one_by_one
from actions.selection.nothing_matches import why_nothing
from actions.selection.pod import Pod
from actions.selection.workloads import Workloads
from clients.kube import PAGE, Kube

MANY = 100
"""More picks than this are listed in full together instead of fetched one by one."""
PASSED_OVER_AT_MOST = 50
"""So many unhealthy candidates are looked at in vain before it is refused, where they are fetched one by one."""


@dataclass(frozen=True, slots=True)
class Picked:
    """The pods to take, each healthy when it was read, out of `candidates` running ones that matched."""

    pods: tuple[Pod, ...]
    candidates: int


def pick_pods(kube: Kube, wanted: PodSelection, choice: Choice) -> Picked:
    """The pods that an action is to take. Raises RefusedError when there are not as many, and KubeError."""
    fields = field_selectors(kube, wanted)
    candidates = list(list_candidates(kube, wanted, fields))
    if not candidates:
        raise RefusedError(why_nothing(kube, wanted))
    amount = _amount(wanted, len(candidates))
    ranked = choice.ranked(candidates, lambda candidate: candidate.uid)
    if len(candidates) <= PAGE or amount > MANY:
        pods = _first_healthy(wanted, amount, list_in_full(kube, wanted, fields, ranked))
    else:
        pods = _first_healthy(wanted, amount, read_one_by_one(kube, ranked[: amount + PASSED_OVER_AT_MOST]))
    if wanted.workload:
        _check_members(Workloads(kube), pods, wanted.workload)
    return Picked(pods, len(candidates))


def _first_healthy(wanted: PodSelection, amount: int, pods: Iterable[Pod]) -> tuple[Pod, ...]:
    picked: list[Pod] = []
    passed_over = 0
    for pod in pods:
        if pod.healthy:
            picked.append(pod)
        else:
            passed_over += 1
        if len(picked) == amount:
            return tuple(picked)
    raise RefusedError(
        f"{amount} ready pods that match {wanted.label_selector!r} are to be taken in namespace {wanted.namespace}: "
        f"{len(picked)} of {len(picked) + passed_over} looked at are ready: one that is broken already would prove "
        "nothing; wait until they are ready, or lower count"
    )


def _amount(wanted: PodSelection, candidates: int) -> int:
    if wanted.percent is None:
        return wanted.count or 1
    amount = math.floor(wanted.percent * candidates / 100 + 1e-9)
    if amount < 1:
        raise RefusedError(
            f"{wanted.percent:g}% of {candidates} running pods that match {wanted.label_selector!r} is less than one: "
            "raise percent, or give count instead"
        )
    return amount


def _check_members(workloads: Workloads, pods: Iterable[Pod], workload: str) -> None:
    """Refuse what is not of the workload that the experiment means: it would be broken unseen."""
    for pod in pods:
        names = [f"{owner.kind}/{owner.name}".lower() for owner in workloads.chain(pod)]
        gang = workloads.gang(pod)
        if gang is not None:
            names.append(f"{gang.kind}/{gang.name}".lower())
        if workload.lower() not in names:
            raise RefusedError(
                f"pod {pod.name} is not of {workload} but of {' in '.join(names) or 'nothing'}: label_selector and "
                "workload must name the same pods"
            )
