"""Choosing a node for one pod: which nodes can take it, and which of those is best. Pure."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from lab.controllers import owners, selectors
from lab.controllers.scheduling.demand import ASSUMED_CPU, ASSUMED_MEMORY, Amounts, demand_of, shortages
from lab.controllers.scheduling.places import Place
from lab.controllers.scheduling.topology import Check, checks_for
from lab.controllers.taints import untolerated
from lab.kubeclient import Document

ZONE = "topology.kubernetes.io/zone"
_FULL_SCORE = 100.0


class Choice(NamedTuple):
    """The chosen node, or "" and why there is none."""

    node: str
    message: str = ""


def refusals(pod: Document, demand: Amounts, place: Place, checks: Sequence[Check]) -> list[str]:
    """Why `place` cannot take `pod`, in Kubernetes' words: those of the first rule that it breaks."""
    spec, node = pod["spec"], place.node
    if node is None:
        return ["node(s) didn't exist"]
    tolerations = spec.get("tolerations") or []
    taints = node["spec"].get("taints") or []
    if node["spec"].get("unschedulable") and untolerated([_CORDONED], tolerations, ["NoSchedule"]):
        return ["node(s) were unschedulable"]
    if taint := untolerated(taints, tolerations, ["NoSchedule", "NoExecute"]):
        return [f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"]
    if not selectors.node_selected(spec, node):
        return ["node(s) didn't match Pod's node affinity/selector"]
    if lacking := shortages(demand, place.used, place.capacity):
        return lacking
    return [reason for check in checks if (reason := check(place))][:1]


_CORDONED = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


def explain(reasons: Counter[str], nodes: int) -> str:
    """Kubernetes' sentence for a pod that fits nowhere."""
    if not nodes:
        return "no nodes available to schedule pods"
    counted = ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items()))
    return f"0/{nodes} nodes are available: {counted}."


def choose(pod: Document, places: Sequence[Place]) -> Choice:
    """The best node for `pod`; ties go to the name that sorts first."""
    demand = demand_of(pod)
    checks = checks_for(pod, places)
    reasons: Counter[str] = Counter()
    fitting: list[Place] = []
    for place in places:
        refused = refusals(pod, demand, place, checks)
        reasons.update(refused)
        if not refused:
            fitting.append(place)
    if not fitting:
        return Choice("", explain(reasons, len(places)))
    crowd = _crowd(pod, places)
    best = min(fitting, key=lambda place: (-_score(pod, demand, place, crowd), place.name))
    return Choice(best.name)


class _Crowd(NamedTuple):
    """Pods of the same owner, per node and per zone."""

    nodes: Counter[str]
    zones: Counter[str]


def _crowd(pod: Document, places: Sequence[Place]) -> _Crowd:
    nodes: Counter[str] = Counter()
    zones: Counter[str] = Counter()
    if (owner := owners.controller_of(pod)) is not None:
        for place in places:
            count = place.of_owner.get(owner["uid"], 0)
            nodes[place.name] += count
            zones[place.labels.get(ZONE, "")] += count
    return _Crowd(nodes, zones)


def _score(pod: Document, demand: Amounts, place: Place, crowd: _Crowd) -> float:
    """Free room, distance from pods of the same owner, preferred labels, and no discouraging taints."""
    score = _free_room(demand, place)
    score += 2 * _FULL_SCORE * _emptiness(crowd.nodes, place.name)
    score += _FULL_SCORE * _emptiness(crowd.zones, place.labels.get(ZONE, ""))
    node = place.node or {}
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    for preferred in affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or []:
        if selectors.node_term_matches(preferred["preference"], node):
            score += preferred["weight"]
    if untolerated(node["spec"].get("taints") or [], pod["spec"].get("tolerations") or [], ["PreferNoSchedule"]):
        score -= 3 * _FULL_SCORE
    return score


def _emptiness(counts: Counter[str], key: str) -> float:
    most = max(counts.values(), default=0)
    return 1 - counts[key] / most if most else 0.0


def _free_room(demand: Amounts, place: Place) -> float:
    """The share of cpu and memory that stays free, averaged."""
    count = place.used.get("pods", 0) // 1000
    shares = []
    for name, assumed in (("cpu", ASSUMED_CPU), ("memory", ASSUMED_MEMORY)):
        capacity = place.capacity.get(name, 0)
        used = max(place.used.get(name, 0), count * assumed) + max(demand.get(name, 0), assumed)
        shares.append(max(0.0, 1 - used / capacity) if capacity else 0.0)
    return _FULL_SCORE * sum(shares) / len(shares)
