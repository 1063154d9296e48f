"""Which nodes to take: those that match and are healthy, ranked by the seed. A selector without a target is refused."""

from collections.abc import Callable, Collection, Sequence

from actions.choice import Choice
from actions.fault import RefusedError, Target
from actions.nodes.arguments import NodeArguments
from actions.nodes.mark import marks_of
from actions.nodes.node import NODES, Node, read_node
from clients.kube import PODS, Kube

Unfit = Callable[[Node], str]
"""Why this fault would prove nothing on a node, or nothing at all; empty where it would."""


def _always_fit(node: Node) -> str:
    del node
    return ""


def find_nodes(kube: Kube, arguments: NodeArguments) -> list[Node]:
    """All nodes that the selection names, whatever their state. Raises RefusedError when a name is not there."""
    found = [read_node(document) for document in kube.find(NODES, labels=arguments.label_selector)]
    missing = sorted(set(arguments.names) - {node.name for node in found})
    if missing:
        there = ", ".join(sorted(node.name for node in found)[:20]) or "none"
        raise RefusedError(f"no node {missing[0]!r} among those that match: {there}")
    hosts = _hosts(kube, arguments)
    return [
        node
        for node in found
        if (not arguments.names or node.name in arguments.names)
        and (not arguments.zone or node.zone == arguments.zone)
        and (hosts is None or node.name in hosts)
    ]


def _hosts(kube: Kube, arguments: NodeArguments) -> Collection[str] | None:
    if arguments.hosting is None:
        return None
    pods = kube.find(PODS, arguments.hosting.namespace, arguments.hosting.label_selector)
    return {
        pod["spec"]["nodeName"]
        for pod in pods
        if (pod.get("spec") or {}).get("nodeName") and (pod.get("status") or {}).get("phase") == "Running"
    }


def choose_nodes(
    found: Sequence[Node], arguments: NodeArguments, choice: Choice, unfit: Unfit = _always_fit
) -> list[Node]:
    """As many as the arguments say, of those that are fit. Pure. Raises RefusedError."""
    if not found:
        raise RefusedError(f"no node has {arguments.described()}: nothing to take")
    reasons = {node.name: _unhealthy(node) or unfit(node) for node in found}
    fit = [node for node in found if not reasons[node.name]]
    wanted = arguments.how_many(len(found))
    if len(fit) < wanted:
        why = "; ".join(f"{name}: {reason}" for name, reason in sorted(reasons.items()) if reason)
        raise RefusedError(
            f"{wanted} wanted, and {len(fit)} of {len(found)} nodes with {arguments.described()} can be taken"
            + (f" ({why})" if why else "")
        )
    return choice.ranked(fit, lambda node: node.uid)[:wanted]


def _unhealthy(node: Node) -> str:
    if node.of_control_plane:
        return "it belongs to the control plane"
    if not node.ready:
        return "it is not Ready already"
    if others := marks_of(node):
        return f"another fault is on it ({others[0]}): see chaos recover"
    return ""


def target_of(node: Node, **details: str) -> Target:
    """The node as a target."""
    known = {"zone": node.zone, "gpus": str(node.gpus) if node.gpus else ""}
    return Target("node", node.name, uid=node.uid, details={k: v for k, v in (known | details).items() if v})


def lock_of(target: Target) -> str:
    """What keeps other runs from a node meanwhile."""
    return f"node:{target.name}"
