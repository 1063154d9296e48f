"""Gangs: pods that are of use only together (the ranks of one training run) are placed together or not at all. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from lab.controllers import pods
from lab.controllers.scheduling.choice import choose
from lab.controllers.scheduling.places import Places
from lab.kubeclient import Document

GROUP_LABEL = "kueue.x-k8s.io/pod-group-name"
TOTAL_ANNOTATION = "kueue.x-k8s.io/pod-group-total-count"


class Gang(NamedTuple):
    """Where each pod (by uid) goes, or "nowhere" and why."""

    nodes: dict[str, str]
    message: str = ""


def group_of(pod: Document) -> str:
    """The name of the gang that a pod belongs to, or ""."""
    return str((pod["metadata"].get("labels") or {}).get(GROUP_LABEL, ""))


def place_gang(waiting: Sequence[Document], members: Sequence[Document], places: Places) -> Gang:
    """Places for all `waiting` pods of a gang, found so that they fit at the same time.

    `members` are all pods of the gang, waiting ones included. On success the places count them as assumed; otherwise
    nothing has changed.
    """
    texts = {(pod["metadata"].get("annotations") or {}).get(TOTAL_ANNOTATION, "") for pod in waiting}
    text = max(texts)
    if len(texts) > 1 or not text.isdigit() or not int(text):
        return Gang({}, f'gang: annotation {TOTAL_ANNOTATION} must be the same whole number on all pods, not "{text}"')
    total, name = int(text), group_of(waiting[0])
    # A member that has succeeded needs no place any more; one that failed or is going will be replaced.
    present = [p for p in members if not pods.is_terminating(p) and pods.phase(p) != "Failed"]
    if len(present) < total:
        return Gang({}, f'gang "{name}": waiting for pods: {len(present)} of {total} exist.')
    found: dict[str, str] = {}
    for pod in waiting:
        choice = choose(pod, places.nodes())
        if not choice.node:
            for uid in found:
                places.remove_pod(uid)
            fit = f"{len(found)} of {len(waiting)} missing pods fit at once"
            return Gang({}, f'{choice.message} gang "{name}": {fit}, and all must.')
        places.assume(pod, choice.node)
        found[pod["metadata"]["uid"]] = choice.node
    return Gang(found)
