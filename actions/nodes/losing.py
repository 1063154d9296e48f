"""A node is lost as by a power cut: a node killer stops its machine, and the undo has it started again."""

from pydantic import JsonValue
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from actions.choice import Choice
from actions.fault import Draft, Fault, Injection, Permission, RefusedError, Target
from actions.ledger.record import Record
from actions.nodes.arguments import NodeArguments
from actions.nodes.node import NODES, Node, read_node
from actions.nodes.price import PERMISSIONS, everything, price_of
from actions.nodes.selection import choose_nodes, find_nodes, lock_of, target_of
from actions.systems import Systems
from clients.kube import Kube, NotFoundError, Resource
from clients.node_killer import NodeKiller, NodeKillerError, NoNodeKillerError, RefusingKiller

LEASES = Resource("leases", "coordination.k8s.io")
LEASE_NAMESPACE = "kube-node-lease"
LOST_TAINTS = ("node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready")
RENEWAL_SECONDS = 12.0
"""A kubelet renews its Lease every 10 s; the lab's does it twice a second."""
LOOK_SECONDS = 0.05


class LoseNode(Fault[NodeArguments]):
    """Lose nodes with all that runs there, as by a power cut: a node killer stops them, and the undo starts them again.

    Which killer that is says the environment of whoever runs this, or recovers it (MLCHAOS_NODE_STOP and
    MLCHAOS_NODE_START, or MLCHAOS_NODE_KILLER); without one it refuses.
    """

    arguments = NodeArguments
    planes = ("kubernetes-api", "network", "application")
    needs = ("kubernetes", "node-killer")
    effect_within = 120.0
    undone_within = 300.0

    def plan(self, arguments: NodeArguments, systems: Systems, choice: Choice) -> Draft:
        killer = _killer_for_plan(systems)
        found = find_nodes(systems.kube, arguments)
        nodes = choose_nodes(found, arguments, choice)
        price = price_of(systems.kube, nodes, everything)
        targets = tuple(target_of(node, killer=killer.name) for node in nodes)
        return Draft(
            targets=targets,
            undo=f"node killer `{killer.name}` starts the machine again, and the node is Ready and renews its Lease",
            locks=(*(lock_of(target) for target in targets), *price.locks),
            permissions=(*PERMISSIONS, Permission("get", "leases", "coordination.k8s.io", LEASE_NAMESPACE)),
            affected=price.affected,
            nodes=price.nodes,
            gpus=price.gpus,
            budgets=price.budgets,
            candidates=len(found),
            warnings=(
                "what the pods keep on the node alone (emptyDir, local disks) may be lost for good",
                "node repair or an autoscaler may replace a lost node before the undo: that takes a person then",
            ),
        )

    def undo_arguments(self, target: Target, arguments: NodeArguments, systems: Systems) -> dict[str, JsonValue]:
        del target, arguments
        return {"killer": _killer(systems).name}

    def inject(self, injection: Injection[NodeArguments], systems: Systems) -> None:
        name = injection.target.name
        node = _node(systems.kube, name)
        if node is None:
            raise RefusedError(f"node {name} is gone since the plan")
        if node.uid != injection.target.uid:
            raise RefusedError(f"node {name} is another one than planned (it was registered anew)")
        if not node.ready:
            raise RefusedError(f"node {name} has changed since the plan: it is not Ready already")
        _killer(systems).stop(name)

    def in_effect(self, injection: Injection[NodeArguments], systems: Systems) -> bool:
        node = _node(systems.kube, injection.target.name)
        return node is None or not node.ready

    def undo(self, record: Record, systems: Systems) -> None:
        """Start the machine, whatever the API says of the node: it takes a while to notice that one is lost."""
        killer = _killer(systems)
        wanted = record.undo.args.get("killer")
        if killer.name != wanted and not isinstance(killer, RefusingKiller):
            raise NoNodeKillerError(
                f"node {record.target.name} was stopped by the node killer {wanted!r}, and here {killer.name!r} is "
                "configured: recover it where the experiment ran, or configure that killer here"
            )
        killer.start(record.target.name)

    def undone(self, record: Record, systems: Systems) -> bool:
        """A node that is not there, or whose Ready may be what was last heard of it, is not back."""
        node = _node(systems.kube, record.target.name)
        if node is None or not node.ready or any(taint.key in LOST_TAINTS for taint in node.taints):
            return False
        return _lives(systems.kube, record.target.name)


def _killer(systems: Systems) -> NodeKiller:
    return systems.node_killer


def _killer_for_plan(systems: Systems) -> NodeKiller:
    try:
        killer = _killer(systems)
    except NodeKillerError as error:
        raise RefusedError(str(error)) from error
    if isinstance(killer, RefusingKiller):
        raise RefusedError(killer.refusal("stop", "NAME"))
    return killer


def _node(kube: Kube, name: str) -> Node | None:
    try:
        return read_node(kube.get(NODES, name))
    except NotFoundError:
        return None


def _lives(kube: Kube, node: str) -> bool:
    """Whether the node renews its Lease while we look: seen to change, so that nobody's clock matters."""

    def renewed() -> object:
        try:
            return (kube.get(LEASES, node, LEASE_NAMESPACE).get("spec") or {}).get("renewTime")
        except NotFoundError:
            return None

    first = renewed()
    look = Retrying(
        stop=stop_after_delay(RENEWAL_SECONDS),
        wait=wait_fixed(LOOK_SECONDS),
        retry=retry_if_result(lambda now: now is None or now == first),
        retry_error_callback=lambda _: None,
    )
    return look(renewed) is not None
