"""What goes with nodes: the pods on them, their workloads and gangs, and the GPUs that nobody can have."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actions.fault import Affected, DisruptionBudget, Permission, RefusedError
from actions.nodes.node import Node
from actions.selection.budgets import budgets_over
from actions.selection.pod import Pod, gpus_of
from actions.selection.workloads import affected_by, locks_of
from clients.kube import PODS, Kube

Document = Mapping[str, Any]


PERMISSIONS = (
    Permission("list", "nodes"),
    Permission("get", "nodes"),
    Permission("list", "pods"),
    Permission("list", "poddisruptionbudgets", "policy"),
    Permission("get", "deployments", "apps"),
    Permission("get", "replicasets", "apps"),
    Permission("get", "statefulsets", "apps"),
    Permission("get", "daemonsets", "apps"),
    Permission("get", "jobs", "batch"),
)
"""What it takes to price nodes; their pods may be in any namespace."""


@dataclass(frozen=True, slots=True)
class Price:
    """As in Draft."""

    nodes: tuple[str, ...]
    affected: tuple[Affected, ...] = ()
    gpus: int = 0
    budgets: tuple[DisruptionBudget, ...] = ()
    locks: tuple[str, ...] = ()


def everything(pod: Document) -> bool:
    """All pods of the node are lost."""
    del pod
    return True


def nothing(pod: Document) -> bool:
    """All pods of the node stay."""
    del pod
    return False


def price_of(kube: Kube, nodes: Sequence[Node], is_lost: Callable[[Document], bool]) -> Price:
    """The price of taking these nodes out of service; `is_lost` says which of their pods do not survive it.

    Their free GPUs vanish, since nothing new can come; GPUs of pods that stay are not lost, and those of pods that go
    are counted with their workload. Raises RefusedError for a pod that nothing would bring back.
    """
    running = [pod for node in nodes for pod in pods_on(kube, node.name)]
    lost = [Pod.from_document(pod) for pod in running if is_lost(pod)]
    for pod in lost:
        if pod.owner is None:
            raise RefusedError(
                f"pod {pod.namespace}/{pod.name} on node {pod.node} has no controller, so nothing would bring it back: "
                "move it away, or take another node"
            )
    affected = affected_by(kube, lost)
    held = sum(gpus_of(pod["spec"]) for pod in running)
    return Price(
        nodes=tuple(node.name for node in nodes),
        affected=affected,
        gpus=max(0, sum(node.gpus for node in nodes) - held),
        budgets=budgets_over(kube, lost, respected=False),
        locks=locks_of(affected),
    )


def pods_on(kube: Kube, node: str) -> list[Document]:
    """The pods that are on a node and not over."""
    found = kube.find(PODS, fields=f"spec.nodeName={node}")
    return [pod for pod in found if (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")]
