"""A node gets a NoExecute taint (and is cordoned, if that is asked): its pods are driven away, as in a maintenance."""

from typing import Any, Literal

from pydantic import Field, JsonValue

from actions.ledger.record import Record
from actions.nodes.arguments import NodeArguments
from actions.nodes.change import Patch
from actions.nodes.cordoning import uncordoned
from actions.nodes.mark import Before
from actions.nodes.marked import NodeChange
from actions.nodes.node import Node, Taint
from actions.nodes.price import Price, price_of
from actions.nodes.tolerations import driven_away
from clients.kube import Kube

KEY_PATTERN = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
VALUE_PATTERN = r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"


class TaintArguments(NodeArguments):
    """A taint, and whether the node is cordoned with it."""

    key: str = Field(
        default="mlchaos.io/node-lost", pattern=KEY_PATTERN, max_length=316, description="The taint's key."
    )
    value: str = Field(default="", pattern=VALUE_PATTERN, description="The taint's value; empty: the id of the fault.")
    effect: Literal["NoExecute", "NoSchedule"] = Field(
        default="NoExecute",
        description="NoExecute drives away what does not tolerate it; NoSchedule keeps new pods out.",
    )
    cordon: bool = Field(default=False, description="Cordon the node in the same write.")


class TaintNode(NodeChange[TaintArguments]):
    """Taint nodes, with NoExecute where nothing else is said: pods that do not tolerate it are driven away at once.

    Disruption budgets are not asked. A node that has a taint of this key and effect already is not taken: it stays as
    it was. Taints that others add or remove meanwhile stay so.
    """

    name = "nodes.taint"
    arguments = TaintArguments
    planes = ("kubernetes-api",)

    def unfit(self, node: Node, arguments: TaintArguments) -> str:
        same = [taint for taint in node.taints if (taint.key, taint.effect) == (arguments.key, arguments.effect)]
        return f"it has the taint {same[0]} already" if same else ""

    def before(self, node: Node, arguments: TaintArguments) -> Before:
        cordoned = node.cordoned or not arguments.cordon
        taint: dict[str, JsonValue] = {"key": arguments.key, "effect": arguments.effect, "value": arguments.value}
        return {"cordoned": cordoned, "taint": taint}

    def changed(self, node: Node, arguments: TaintArguments, tag: str) -> Patch:
        taint = {"key": arguments.key, "effect": arguments.effect, "value": arguments.value or tag}
        spec: dict[str, Any] = {"taints": [*taints_of(node), taint]}
        return {"spec": spec | ({"unschedulable": True} if arguments.cordon else {})}

    def restored(self, node: Node, before: Before, record: Record) -> Patch:
        ours = before.get("taint")
        known = ours if isinstance(ours, dict) else {}
        wanted = (known.get("key"), known.get("effect"), known.get("value") or record.id)
        kept = [one for one in taints_of(node) if (one["key"], one["effect"], one.get("value") or "") != wanted]
        return {"spec": {"taints": kept or None, **uncordoned(before).get("spec", {})}}

    def price(self, kube: Kube, nodes: list[Node], arguments: TaintArguments) -> Price:
        taint = Taint(arguments.key, arguments.effect, arguments.value)
        return price_of(kube, nodes, lambda pod: driven_away(pod, taint))

    def undo_in_words(self) -> str:
        return "the taint is removed, and the node uncordoned if this cordoned it; pods do not move back by themselves"


def taints_of(node: Node) -> list[dict[str, Any]]:
    """The node's taints as the API has them, with all that we do not look at."""
    return list((node.document.get("spec") or {}).get("taints") or ())
