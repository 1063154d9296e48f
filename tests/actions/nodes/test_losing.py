"""A lost node is back when it says so itself, and only what took it away is trusted to bring it back."""

import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest

from actions.choice import Choice
from actions.fault import Injection, RefusedError, Target
from actions.ledger.record import Record, Undo
from actions.nodes.arguments import NodeArguments
from actions.nodes.losing import LoseNode
from clients.node_killer import NodeKillerError, NoNodeKillerError, RefusingKiller
from tests.actions.nodes.documents import node
from tests.actions.nodes.node_store import NodeStore, StoredSystems

ARGUMENTS = NodeArguments(names=("gpu-a",))
TARGET = Target("node", "gpu-a", uid="uid-gpu-a")


@dataclass
class Switch:
    """A killer that only says what it was told."""

    name: str = "command"
    calls: list[str] = field(default_factory=list)

    def stop(self, node: str) -> None:
        self.calls.append(f"stop {node}")

    def start(self, node: str) -> None:
        self.calls.append(f"start {node}")


def injection() -> Injection[NodeArguments]:
    return Injection("run-1", "mlchaos-run-1-0001", TARGET, ARGUMENTS, {"killer": "command"}, 0)


def record() -> Record:
    return Record("mlchaos-run-1-0001", "run-1", "nodes.lose", TARGET, Undo("nodes.lose", {"killer": "command"}), 0, 0)


def living(store: NodeStore) -> None:
    beats = itertools.count()
    store.lease = lambda: {"renewTime": f"beat {next(beats)}"}


def test_without_a_killer_the_plan_refuses_and_says_what_to_set() -> None:
    with pytest.raises(RefusedError, match="no node killer is configured here; set MLCHAOS_NODE_STOP"):
        LoseNode().plan(ARGUMENTS, StoredSystems(NodeStore(node()), RefusingKiller()), Choice(1))


@pytest.mark.parametrize(
    ("present", "reason"),
    [
        (None, "gone since the plan"),
        (node(uid="another"), "another one than planned"),
        (node(ready=False), "it is not Ready already"),
    ],
)
def test_only_the_very_node_of_the_plan_is_lost(present: dict[str, Any] | None, reason: str) -> None:
    switch = Switch()
    with pytest.raises(RefusedError, match=reason):
        LoseNode().inject(injection(), StoredSystems(NodeStore(present), switch))
    assert switch.calls == []


def test_it_is_in_effect_when_kubernetes_has_noticed() -> None:
    store, fault = NodeStore(node()), LoseNode()
    systems = StoredSystems(store, switch := Switch())
    fault.inject(injection(), systems)
    assert switch.calls == ["stop gpu-a"]
    assert not fault.in_effect(injection(), systems)
    store.document = node(ready=False)
    assert fault.in_effect(injection(), systems)
    store.document = None
    assert fault.in_effect(injection(), systems)


def test_the_undo_starts_the_machine_even_if_the_api_knows_nothing_of_its_loss() -> None:
    for present in (node(), node(ready=False), None):
        switch = Switch()
        LoseNode().undo(record(), StoredSystems(NodeStore(present), switch))
        assert switch.calls == ["start gpu-a"]


def test_another_killer_than_the_one_that_took_it_is_not_asked_to_bring_it_back() -> None:
    switch = Switch("my-cloud")
    with pytest.raises(NodeKillerError, match="was stopped by the node killer 'command', and here 'my-cloud'"):
        LoseNode().undo(record(), StoredSystems(NodeStore(node()), switch))
    assert switch.calls == []


def test_where_there_is_no_killer_the_undo_says_what_is_missing() -> None:
    with pytest.raises(NoNodeKillerError, match="cannot start node gpu-a: no node killer is configured here"):
        LoseNode().undo(record(), StoredSystems(NodeStore(node()), RefusingKiller()))


UNREACHABLE = [{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]


@pytest.mark.parametrize("present", [None, node(ready=False), node(taints=UNREACHABLE)])
def test_a_node_that_is_not_there_not_ready_or_still_shunned_is_not_back(present: dict[str, Any] | None) -> None:
    store = NodeStore(present)
    living(store)
    assert not LoseNode().undone(record(), StoredSystems(store, Switch()))


def test_a_ready_that_is_only_the_last_word_of_a_dead_kubelet_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actions.nodes.losing.RENEWAL_SECONDS", 0.05)
    store = NodeStore(node())
    store.lease = lambda: {"renewTime": "long ago"}
    systems = StoredSystems(store, Switch())
    assert not LoseNode().undone(record(), systems)
    living(store)
    assert LoseNode().undone(record(), systems)
