"""Which pods to take: a pure choice from what was listed, within limits, the same again for the same seed."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

REPLACING_KINDS = ("DaemonSet", "ReplicaSet", "ReplicationController", "StatefulSet")
"""Controllers that replace a pod that is deleted, one for one. A Job's pod is part of a whole, so it is not here."""


class RefusedError(Exception):
    """A fault that the limits do not allow: what was asked, which limit it meets, and what to change."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The controller of a pod."""

    kind: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Pod:
    """What matters of a pod when one is picked."""

    namespace: str
    name: str
    uid: str
    node: str
    ready: bool
    terminating: bool
    owner: Owner | None

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Pod":
        metadata, status = document["metadata"], document.get("status", {})
        conditions = {condition["type"]: condition["status"] for condition in status.get("conditions") or ()}
        owners = [owner for owner in metadata.get("ownerReferences") or () if owner.get("controller")]
        return cls(
            namespace=metadata["namespace"],
            name=metadata["name"],
            uid=metadata["uid"],
            node=document.get("spec", {}).get("nodeName") or "",
            ready=conditions.get("Ready") == "True",
            terminating="deletionTimestamp" in metadata,
            owner=Owner(owners[0]["kind"], owners[0]["name"], owners[0]["uid"]) if owners else None,
        )


def choose(pods: Sequence[Pod], count: int, min_ready_left: int, seed: int) -> tuple[Pod, ...]:
    """Pick exactly `count` of the ready pods so that at least `min_ready_left` ready ones stay; or refuse.

    Only ready pods are candidates: one that is broken already would prove nothing. The order in which the pods were
    listed does not matter.
    """
    if count < 1:
        raise RefusedError(f"count must be at least 1, not {count}")
    if min_ready_left < 0:
        raise RefusedError(f"min_ready_left must be at least 0, not {min_ready_left}")
    ready = sorted((pod for pod in pods if pod.ready and not pod.terminating), key=lambda pod: pod.uid)
    if not ready:
        raise RefusedError(f"of {len(pods)} matching pods none is ready: there is no healthy one to take")
    if len(ready) - count < min_ready_left:
        raise RefusedError(
            f"taking {count} of {len(ready)} ready pods leaves {max(0, len(ready) - count)}, and {min_ready_left} must "
            "stay ready (min_ready_left): add replicas or lower count"
        )
    picked = tuple(random.Random(seed).sample(ready, count))  # noqa: S311 (a choice to repeat, not a secret)
    for pod in picked:
        if pod.owner is None:
            raise RefusedError(f"pod {pod.name} has no controller, so nothing would replace it")
        if pod.owner.kind not in REPLACING_KINDS:
            raise RefusedError(
                f"pod {pod.name} belongs to {pod.owner.kind} {pod.owner.name}, which does not simply replace it; "
                f"pods of {', '.join(REPLACING_KINDS)} are taken"
            )
    return picked


def check_replaced(pod: Pod, controller: Mapping[str, Any]) -> None:
    """Refuse unless this controller, as it is now, will replace `pod`."""
    if pod.owner is None:
        raise RefusedError(f"pod {pod.name} has no controller, so nothing would replace it")
    who = f"{pod.owner.kind} {pod.owner.name}"
    metadata = controller["metadata"]
    if metadata["uid"] != pod.owner.uid:
        raise RefusedError(f"pod {pod.name} belongs to an older {who} that is gone, so nothing would replace it")
    if "deletionTimestamp" in metadata:
        raise RefusedError(f"{who} is being deleted, so it would not replace pod {pod.name}")
    if pod.owner.kind != "DaemonSet" and controller.get("spec", {}).get("replicas", 1) < 1:
        raise RefusedError(f"{who} is scaled to 0, so it would not replace pod {pod.name}")


def check_member(pod: Pod, controller: Mapping[str, Any], workload: str) -> None:
    """Refuse unless `pod` belongs to `workload` (such as deployment/llm), itself or through its ReplicaSet.

    What is not of the workload that a run watches would be killed unseen: its healing would be somebody else's.
    """
    wanted = workload.lower()
    owners = [pod.owner] if pod.owner else []
    above = [owner for owner in controller["metadata"].get("ownerReferences") or () if owner.get("controller")]
    names = [f"{owner.kind}/{owner.name}" for owner in owners] + [f"{owner['kind']}/{owner['name']}" for owner in above]
    if wanted not in [name.lower() for name in names]:
        raise RefusedError(
            f"pod {pod.name} is not of {workload} but of {' in '.join(names) or 'nothing'}: make label_selector and "
            "workload name the same pods"
        )
