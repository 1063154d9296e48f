"""A fault that is a change of a Node object: put in and taken out by one conditional write each, with its mark."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import TypeVar

from pydantic import JsonValue

from actions.choice import Choice
from actions.fault import Draft, Fault, Injection, Permission, RefusedError, Target
from actions.ledger.record import Record
from actions.nodes.arguments import NodeArguments
from actions.nodes.change import Patch, change_node
from actions.nodes.mark import Before, before_of, mark_key, mark_value
from actions.nodes.node import NODES, Node, read_node
from actions.nodes.price import PERMISSIONS, Price
from actions.nodes.selection import choose_nodes, find_nodes, lock_of, target_of
from actions.systems import Systems
from clients.kube import Kube, NotFoundError

A = TypeVar("A", bound=NodeArguments)


class NodeChange(Fault[A]):
    """What is common to these faults. A subclass says what it writes, and what it writes back; both are pure."""

    name: str

    @abstractmethod
    def before(self, node: Node, arguments: A) -> Before:
        """What the change overwrites, for `restored`."""

    @abstractmethod
    def changed(self, node: Node, arguments: A, tag: str) -> Patch:
        """The merge patch that is the damage."""

    @abstractmethod
    def restored(self, node: Node, before: Before, record: Record) -> Patch:
        """The merge patch that puts back what was before, and leaves alone what others have made of it since."""

    @abstractmethod
    def unfit(self, node: Node, arguments: A) -> str:
        """Why the change would change nothing on this node, or empty."""

    @abstractmethod
    def price(self, kube: Kube, nodes: list[Node], arguments: A) -> Price:
        """What goes with these nodes."""

    @abstractmethod
    def undo_in_words(self) -> str:
        """What the undo does."""

    def warnings(self, nodes: list[Node]) -> tuple[str, ...]:
        """What else a person must know before the fault goes in."""
        del nodes
        return ()

    def plan(self, arguments: A, systems: Systems, choice: Choice) -> Draft:
        found = find_nodes(systems.kube, arguments)
        nodes = choose_nodes(found, arguments, choice, lambda node: self.unfit(node, arguments))
        price = self.price(systems.kube, nodes, arguments)
        targets = tuple(target_of(node) for node in nodes)
        return Draft(
            targets=targets,
            undo=self.undo_in_words(),
            locks=(*(lock_of(target) for target in targets), *price.locks),
            permissions=(*PERMISSIONS, Permission("patch", "nodes")),
            affected=price.affected,
            nodes=price.nodes,
            gpus=price.gpus,
            candidates=len(found),
            budgets=price.budgets,
            warnings=self.warnings(nodes),
        )

    def undo_arguments(self, target: Target, arguments: A, systems: Systems) -> dict[str, JsonValue]:
        return dict(self.before(read_node(systems.kube.get(NODES, target.name)), arguments))

    def inject(self, injection: Injection[A], systems: Systems) -> None:
        target = injection.target

        def decide(node: Node) -> Patch | None:
            if node.uid != target.uid:
                raise RefusedError(f"node {node.name} is another one than planned (it was registered anew)")
            if mark_key(injection.tag) in node.annotations:
                return None
            if reason := self.unfit(node, injection.arguments):
                raise RefusedError(f"node {node.name} has changed since the plan: {reason}")
            before = self.before(node, injection.arguments)
            mark = mark_value(self.name, injection.run, injection.expires_at, before)
            return _with_annotation(self.changed(node, injection.arguments, injection.tag), injection.tag, mark)

        try:
            change_node(systems.kube, target.name, decide)
        except NotFoundError as error:
            raise RefusedError(f"node {target.name} is gone since the plan") from error

    def in_effect(self, injection: Injection[A], systems: Systems) -> bool:
        node = read_node(systems.kube.get(NODES, injection.target.name))
        return mark_key(injection.tag) in node.annotations

    def undo(self, record: Record, systems: Systems) -> None:
        def decide(node: Node) -> Patch | None:
            before = before_of(node, record.id, record.undo.args)
            if before is None:
                return None
            return _with_annotation(self.restored(node, before, record), record.id, None)

        try:
            change_node(systems.kube, record.target.name, decide)
        except NotFoundError:
            return  # a node that registers anew comes without the change

    def undone(self, record: Record, systems: Systems) -> bool:
        try:
            node = read_node(systems.kube.get(NODES, record.target.name))
        except NotFoundError:
            return True
        return mark_key(record.id) not in node.annotations


def _with_annotation(patch: Patch, record_id: str, value: str | None) -> Patch:
    metadata: Mapping[str, object] = patch.get("metadata", {})
    return {**patch, "metadata": {**metadata, "annotations": {mark_key(record_id): value}}}
