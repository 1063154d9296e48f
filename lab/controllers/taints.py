"""Taints and tolerations."""

import math
from collections.abc import Iterable

from lab.kubeclient import Document

NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
MEMORY_PRESSURE = "node.kubernetes.io/memory-pressure"
DISK_PRESSURE = "node.kubernetes.io/disk-pressure"
PID_PRESSURE = "node.kubernetes.io/pid-pressure"
NETWORK_UNAVAILABLE = "node.kubernetes.io/network-unavailable"


def tolerates(toleration: Document, taint: Document) -> bool:
    """Whether one toleration covers one taint."""
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return True
    return bool(toleration.get("key")) and toleration.get("value", "") == taint.get("value", "")


def untolerated(taints: Iterable[Document], tolerations: Iterable[Document], effects: Iterable[str]) -> Document | None:
    """The first taint with one of `effects` that no toleration covers."""
    tolerations, effects = list(tolerations), set(effects)
    for taint in taints:
        if taint["effect"] in effects and not any(tolerates(t, taint) for t in tolerations):
            return taint
    return None


def seconds_tolerated(taints: Iterable[Document], tolerations: Iterable[Document]) -> float:
    """How long a pod may stay on a node with these taints: infinity for ever, 0 not at all.

    Only NoExecute taints drive pods away. Of all tolerations that cover one of them, the shortest limit counts.
    """
    tolerations = list(tolerations)
    limits = [math.inf]
    for taint in taints:
        if taint["effect"] != "NoExecute":
            continue
        covering = [t for t in tolerations if tolerates(t, taint)]
        if not covering:
            return 0.0
        limits += [max(0.0, float(t["tolerationSeconds"])) for t in covering if t.get("tolerationSeconds") is not None]
    return min(limits)
