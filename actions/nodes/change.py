"""Writing to a node that others write to as well: read it, decide, and write only on top of what was read."""

from collections.abc import Callable
from typing import Any

from actions.nodes.node import NODES, Node, read_node
from clients.kube import ConflictError, Kube

Patch = dict[str, Any]
ATTEMPTS = 20
"""A kubelet writes its node's status every few seconds, so a conflict is rare, and two in a row rarer."""


def change_node(kube: Kube, name: str, decide: Callable[[Node], Patch | None]) -> Node:
    """Merge what `decide` says into the node as it is, or leave it where that is None; the node as it is then.

    With the resourceVersion of what was read: had anybody written in between, it is read and decided again. Raises
    NotFoundError when there is no such node, ConflictError when it never stands still, and what `decide` raises.
    """
    for attempt in range(1, ATTEMPTS + 1):
        node = read_node(kube.get(NODES, name))
        patch = decide(node)
        if patch is None:
            return node
        metadata = {**patch.get("metadata", {}), "resourceVersion": node.document["metadata"]["resourceVersion"]}
        try:
            return read_node(kube.patch(NODES, name, {**patch, "metadata": metadata}))
        except ConflictError:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")
