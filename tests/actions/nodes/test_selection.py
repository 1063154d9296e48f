"""Which nodes are taken: healthy ones that match, as many as asked, the same again for the same seed."""

from typing import Any

import pytest
from pydantic import ValidationError

from actions.choice import Choice
from actions.fault import RefusedError
from actions.nodes.arguments import NodeArguments
from actions.nodes.node import Node, read_node
from actions.nodes.selection import choose_nodes, lock_of, target_of
from tests.actions.nodes.documents import node

GPUS = {"label_selector": "gpu=yes"}
MARK = {"undo.mlchaos.io/mlchaos-other-1": "{}"}


def nodes(*names: str, **changes: Any) -> list[Node]:
    return [read_node(node(name, **changes)) for name in names]


def chosen(found: list[Node], seed: int = 1, **arguments: Any) -> list[str]:
    return [one.name for one in choose_nodes(found, NodeArguments.model_validate({**GPUS, **arguments}), Choice(seed))]


def test_one_node_is_taken_where_nothing_is_said_of_how_many() -> None:
    assert len(chosen(nodes("a", "b", "c"))) == 1


def test_the_same_seed_takes_the_same_nodes_however_they_are_listed() -> None:
    found = nodes("a", "b", "c", "d")
    assert chosen(found, 7, count=2) == chosen(found[::-1], 7, count=2)
    assert {tuple(chosen(found, seed)) for seed in range(40)} == {("a",), ("b",), ("c",), ("d",)}


@pytest.mark.parametrize(("percent", "taken"), [(50, 2), (49, 1), (25, 1), (100, 4), (74.9, 2)])
def test_a_share_is_rounded_down(percent: float, taken: int) -> None:
    assert len(chosen(nodes("a", "b", "c", "d"), percent=percent)) == taken


def test_a_share_of_less_than_one_node_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"10% of 4 matching nodes is less than one: raise percent, or write count"):
        chosen(nodes("a", "b", "c", "d"), percent=10)


def test_a_selector_that_matches_nothing_is_refused() -> None:
    with pytest.raises(RefusedError, match="no node has labels 'gpu=yes' and zone 'z': nothing to take"):
        chosen([], zone="z")


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"ready": False}, "a: it is not Ready already"),
        ({"labels": {"node-role.kubernetes.io/control-plane": ""}}, "a: it belongs to the control plane"),
        ({"annotations": MARK}, "a: another fault is on it .mlchaos-other-1.: see chaos recover"),
    ],
)
def test_nodes_that_would_prove_nothing_are_left_out_and_named(state: dict[str, Any], reason: str) -> None:
    found = [*nodes("a", **state), *nodes("b")]
    assert chosen(found) == ["b"]
    with pytest.raises(RefusedError, match=f"2 wanted, and 1 of 2 nodes with .* can be taken .{reason}."):
        chosen(found, count=2)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "no nodes are named, which would be all of them; give label_selector"),
        ({"label_selector": "  "}, "no nodes are named"),
        ({"zone": "a"}, "no nodes are named"),
        ({"names": "gpu-a"}, "write a list of names"),
        ({"names": ["a"], "count": 1, "percent": 5}, "exclude each other; give one of them"),
        ({"names": ["a"], "count": 0}, "greater than or equal to 1"),
        ({"names": ["a"], "percent": 101}, "less than or equal to 100"),
        ({"hosting": {"namespace": "ml-training"}}, "label_selector"),
        ({"label_selectors": "a"}, "Extra inputs are not permitted"),
    ],
)
def test_arguments_that_do_not_say_which_nodes_are_refused(arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        NodeArguments(**arguments)


def test_a_target_names_the_very_node() -> None:
    target = target_of(*nodes("a", labels={"topology.kubernetes.io/zone": "z"}), gpu="0")
    assert (str(target), target.uid, target.details) == ("node a", "uid-a", {"zone": "z", "gpus": "4", "gpu": "0"})
    assert lock_of(target) == "node:a"
