"""A node is cordoned: what runs there stays, and nothing new comes."""

from actions.ledger.record import Record
from actions.nodes.arguments import NodeArguments
from actions.nodes.change import Patch
from actions.nodes.mark import Before
from actions.nodes.marked import NodeChange
from actions.nodes.node import Node
from actions.nodes.price import Price, nothing, price_of
from clients.kube import Kube


class CordonNode(NodeChange[NodeArguments]):
    """Cordon nodes: what runs there stays, and nothing new comes until the undo.

    A node that is cordoned already is not taken, and one that somebody cordons in the same moment stays cordoned.
    """

    name = "nodes.cordon"
    arguments = NodeArguments
    planes = ("kubernetes-api",)

    def unfit(self, node: Node, arguments: NodeArguments) -> str:
        del arguments
        return "it is cordoned already" if node.cordoned else ""

    def before(self, node: Node, arguments: NodeArguments) -> Before:
        del arguments
        return {"cordoned": node.cordoned}

    def changed(self, node: Node, arguments: NodeArguments, tag: str) -> Patch:
        del node, arguments, tag
        return {"spec": {"unschedulable": True}}

    def restored(self, node: Node, before: Before, record: Record) -> Patch:
        del node, record
        return uncordoned(before)

    def price(self, kube: Kube, nodes: list[Node], arguments: NodeArguments) -> Price:
        del arguments
        return price_of(kube, nodes, nothing)

    def undo_in_words(self) -> str:
        return "the node is uncordoned"


def uncordoned(before: Before) -> Patch:
    """Take the cordon away, unless it was there before."""
    return {} if before.get("cordoned") else {"spec": {"unschedulable": None}}
