"""What a pod asks of a node and what a node has, in thousandths of each resource's unit."""

from collections.abc import Iterable, Mapping

from lab.controllers.quantity import milli
from lab.kubeclient import Document

Amounts = Mapping[str, int]
ONE_POD = 1000
# What a container without requests is reckoned with when nodes are compared, so that such pods spread out too.
ASSUMED_CPU, ASSUMED_MEMORY = milli("100m"), milli("200Mi")


def _container(container: Document) -> dict[str, int]:
    resources = container.get("resources") or {}
    asked = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return {name: milli(quantity) for name, quantity in asked.items()}


def _added(parts: Iterable[Amounts]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for name, amount in part.items():
            total[name] = total.get(name, 0) + amount
    return total


def demand_of(pod: Document) -> dict[str, int]:
    """Requests of all containers together, or of the largest init container where that is more; and one pod."""
    spec = pod["spec"]
    total = _added(_container(c) for c in spec.get("containers") or [])
    for container in spec.get("initContainers") or []:
        for name, amount in _container(container).items():
            total[name] = max(total.get(name, 0), amount)
    overhead = {name: milli(quantity) for name, quantity in (spec.get("overhead") or {}).items()}
    return _added([total, overhead, {"pods": ONE_POD}])


def capacity_of(node: Document) -> dict[str, int]:
    """What a node can give to pods."""
    return {name: milli(q) for name, q in (node.get("status", {}).get("allocatable") or {}).items()}


def shortages(demand: Amounts, used: Amounts, capacity: Amounts) -> list[str]:
    """Why a node has no room, in Kubernetes' words; empty if it has."""
    lacking = [name for name, amount in demand.items() if amount and used.get(name, 0) + amount > capacity.get(name, 0)]
    return ["Too many pods" if name == "pods" else f"Insufficient {name}" for name in lacking]
