"""Which pods a NoExecute taint drives away. Pure."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from actions.nodes.node import Taint

Toleration = Mapping[str, Any]


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Whether one toleration covers the taint. An empty key with Exists covers all; an empty effect all effects."""
    if toleration.get("effect") not in (None, "", taint.effect):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint.key)
    same = (toleration.get("key"), toleration.get("value") or "") == (taint.key, taint.value)
    return bool(toleration.get("key")) and same


def seconds_tolerated(tolerations: Iterable[Toleration], taint: Taint) -> float:
    """Seconds that a pod with these may stay: 0 not at all, infinity for ever. The shortest of those that cover it."""
    covering = [one for one in tolerations if tolerates(one, taint)]
    if not covering:
        return 0.0
    limits = [one["tolerationSeconds"] for one in covering if one.get("tolerationSeconds") is not None]
    return min((max(0.0, float(limit)) for limit in limits), default=math.inf)


def driven_away(pod: Mapping[str, Any], taint: Taint) -> bool:
    """Whether the pod must leave, at once or later. Static pods (mirrors of a kubelet's file) never do."""
    if taint.effect != "NoExecute" or "kubernetes.io/config.mirror" in (pod["metadata"].get("annotations") or {}):
        return False
    return seconds_tolerated((pod.get("spec") or {}).get("tolerations") or (), taint) < math.inf
