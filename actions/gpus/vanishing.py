"""The GPUs of a node vanish: its device plugin is taken away, and Kubernetes counts none there."""

from actions.fault import Injection
from actions.ledger.record import Record
from actions.nodes.arguments import NodeArguments
from actions.nodes.change import Patch
from actions.nodes.mark import Before
from actions.nodes.marked import NodeChange
from actions.nodes.node import NODES, Node, read_node
from actions.nodes.price import Price
from actions.systems import Systems
from clients.kube import Kube, NotFoundError

LABEL = "nvidia.com/gpu.deploy.device-plugin"
"""NVIDIA's GPU operator runs its device plugin on nodes where this is "true"."""
AWAY = "false"
HERE = (None, "", "true")
"""Values that may be overwritten: another one (`paused-for-mig-change`) is the operator's own work in progress."""


class VanishGpus(NodeChange[NodeArguments]):
    """Let all GPUs of nodes vanish, by the label that takes the device plugin of NVIDIA's GPU operator away.

    Pods that hold GPUs run on; none is given out until the undo. It is in effect when the node has none to give, so
    where nothing heeds the label it is taken out again.
    """

    name = "gpus.vanish"
    arguments = NodeArguments
    planes = ("kubernetes-api",)
    effect_within = 90.0
    undone_within = 180.0

    def unfit(self, node: Node, arguments: NodeArguments) -> str:
        del arguments
        value = node.labels.get(LABEL)
        if value not in HERE:
            return f"its label {LABEL} is {value!r}"
        return "" if node.gpus else "it has no GPUs to give"

    def before(self, node: Node, arguments: NodeArguments) -> Before:
        del arguments
        return {"label": node.labels.get(LABEL), "gpus": node.gpus}

    def changed(self, node: Node, arguments: NodeArguments, tag: str) -> Patch:
        del node, arguments, tag
        return {"metadata": {"labels": {LABEL: AWAY}}}

    def restored(self, node: Node, before: Before, record: Record) -> Patch:
        del record
        return {"metadata": {"labels": {LABEL: before.get("label")}}} if node.labels.get(LABEL) == AWAY else {}

    def price(self, kube: Kube, nodes: list[Node], arguments: NodeArguments) -> Price:
        """All GPUs of the nodes: pods keep theirs only as long as they do not have to start again."""
        del kube, arguments
        return Price(nodes=(), gpus=sum(node.gpus for node in nodes))

    def undo_in_words(self) -> str:
        return f"the label {LABEL} gets its former value back, and the node has its GPUs again"

    def warnings(self, nodes: list[Node]) -> tuple[str, ...]:
        del nodes
        return (
            "pods that hold GPUs run on, but one that has to start again on the node does not get any",
            "seen in the Kubernetes API alone: DCGM, the driver and the kernel log see healthy GPUs",
        )

    def in_effect(self, injection: Injection[NodeArguments], systems: Systems) -> bool:
        return super().in_effect(injection, systems) and not _gpus(systems.kube, injection.target.name)

    def undone(self, record: Record, systems: Systems) -> bool:
        """Also when the kubelet has noticed: the GPUs are there again, as many as before."""
        if not super().undone(record, systems):
            return False
        gpus = _gpus(systems.kube, record.target.name)
        before = record.undo.args.get("gpus")
        return gpus is None or not isinstance(before, int) or gpus >= before


def _gpus(kube: Kube, name: str) -> int | None:
    """How many GPUs the node has to give; None where there is no such node."""
    try:
        return read_node(kube.get(NODES, name)).gpus
    except NotFoundError:
        return None
