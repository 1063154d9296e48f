"""Changes of nodes come out as exactly as they went in, whatever others write meanwhile and wherever it was killed."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.fault import RefusedError
from actions.gpus.vanishing import LABEL, VanishGpus
from actions.nodes.arguments import NodeArguments
from actions.nodes.cordoning import CordonNode
from actions.nodes.marked import NodeChange
from actions.nodes.node import read_node
from actions.nodes.tainting import TaintArguments, TaintNode
from clients.kube import ConflictError
from tests.actions.nodes.documents import Document, injection, node, record
from tests.actions.nodes.node_store import NodeStore, StoredSystems

NAMES = ("gpu-a",)
CASES: dict[str, tuple[NodeChange[Any], NodeArguments]] = {
    "cordon": (CordonNode(), NodeArguments(names=NAMES)),
    "taint": (TaintNode(), TaintArguments(names=NAMES)),
    "taint with a value": (TaintNode(), TaintArguments(names=NAMES, key="lost", value="yes", effect="NoSchedule")),
    "taint and cordon": (TaintNode(), TaintArguments(names=NAMES, cordon=True)),
    "vanish": (VanishGpus(), NodeArguments(names=NAMES)),
}
each_fault = pytest.mark.parametrize("case", CASES)


class Scene:
    """One fault on one node."""

    def __init__(self, case: str, document: Document) -> None:
        self.fault, arguments = CASES[case]
        self.store = NodeStore(document)
        self.systems = StoredSystems(self.store)
        self.injection = injection(self.fault, arguments, document)
        self.record = record(self.fault.name, self.injection)

    def inject(self) -> None:
        self.fault.inject(self.injection, self.systems)

    def undo(self) -> None:
        self.fault.undo(self.record, self.systems)

    @property
    def document(self) -> Document:
        """What is there, but for its version."""
        assert self.store.document is not None
        metadata = {k: v for k, v in self.store.document["metadata"].items() if k != "resourceVersion"}
        return {**self.store.document, "metadata": metadata}


@each_fault
def test_it_goes_in_and_out_in_one_write_each(case: str) -> None:
    taint = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule", "timeAdded": "2026-01-01T00:00:00Z"}
    scene = Scene(case, node(taints=[taint], labels={"app": "x"}, annotations={"by": "somebody"}))
    before = scene.document
    scene.inject()
    assert scene.store.writes == 1
    assert scene.document != before
    scene.undo()
    scene.undo()
    assert scene.store.writes == 2
    assert scene.document == before


@each_fault
def test_the_mark_says_whose_it_is_and_until_when(case: str) -> None:
    scene = Scene(case, node())
    scene.inject()
    mark = json.loads(scene.document["metadata"]["annotations"]["undo.mlchaos.io/mlchaos-run-1-0001"])
    assert (mark["run"], mark["fault"], mark["expires"]) == ("run-1", scene.fault.name, "2027-01-15T08:00:00Z")
    assert mark["before"] == scene.record.undo.args


@each_fault
def test_undoing_what_was_never_injected_writes_nothing(case: str) -> None:
    scene = Scene(case, node(cordoned=True, labels={LABEL: "false"}))
    scene.undo()
    assert scene.store.writes == 0
    assert scene.fault.undone(scene.record, scene.systems) or case == "vanish"


@each_fault
def test_an_injection_that_lands_after_the_undo_is_seen_and_undone_again(case: str) -> None:
    scene = Scene(case, node())
    before = scene.document
    scene.undo()
    scene.inject()
    assert not scene.fault.undone(scene.record, scene.systems)
    scene.undo()
    assert scene.fault.undone(scene.record, scene.systems)
    assert scene.document == before


@each_fault
def test_injecting_again_after_a_lost_answer_changes_nothing_more(case: str) -> None:
    scene = Scene(case, node())
    scene.inject()
    once = scene.document
    scene.inject()
    assert scene.document == once


@each_fault
def test_a_node_that_is_gone_has_nothing_left_to_undo(case: str) -> None:
    scene = Scene(case, node())
    scene.inject()
    scene.store.document = None
    scene.undo()
    assert scene.fault.undone(scene.record, scene.systems)


@each_fault
def test_a_node_that_registered_anew_under_the_name_is_neither_hit_nor_touched_by_the_undo(case: str) -> None:
    scene = Scene(case, node())
    scene.store.document = node(uid="another")
    with pytest.raises(RefusedError, match="another one than planned"):
        scene.inject()
    scene.undo()
    assert scene.store.writes == 0


@each_fault
def test_a_node_that_vanishes_before_the_injection_is_refused(case: str) -> None:
    scene = Scene(case, node())
    scene.store.document = None
    with pytest.raises(RefusedError, match="gone since the plan"):
        scene.inject()


@pytest.mark.parametrize(
    ("case", "since", "reason"),
    [
        ("cordon", {"cordoned": True}, "it is cordoned already"),
        ("taint", {"taints": [{"key": "mlchaos.io/node-lost", "effect": "NoExecute"}]}, "it has the taint mlchaos.io"),
        ("vanish", {"labels": {LABEL: "paused-for-mig-change"}}, "paused-for-mig-change"),
        ("vanish", {"gpus": 0}, "no GPUs to give"),
    ],
)
def test_what_came_between_the_plan_and_the_injection_is_refused_and_stays(
    case: str, since: dict[str, Any], reason: str
) -> None:
    scene = Scene(case, node())
    scene.store.document = node(**since)
    before = scene.document
    with pytest.raises(RefusedError, match=reason):
        scene.inject()
    scene.undo()
    assert scene.document == before


def test_a_node_that_somebody_cordons_in_the_same_moment_stays_cordoned() -> None:
    scene = Scene("taint and cordon", node())
    scene.store.interfere = lambda: scene.store.edit({"spec": {"unschedulable": True}})
    scene.inject()
    scene.undo()
    assert scene.document["spec"] == {"unschedulable": True}


def test_a_label_that_somebody_else_has_set_meanwhile_stays() -> None:
    scene = Scene("vanish", node(labels={LABEL: "true"}))
    scene.inject()
    scene.store.edit({"metadata": {"labels": {LABEL: "paused-for-mig-change"}}})
    scene.undo()
    assert scene.document["metadata"]["labels"] == {LABEL: "paused-for-mig-change"}
    assert scene.fault.undone(scene.record, scene.systems)


def test_the_former_value_of_a_label_comes_back() -> None:
    scene = Scene("vanish", node(labels={LABEL: ""}))
    scene.inject()
    assert scene.document["metadata"]["labels"] == {LABEL: "false"}
    scene.undo()
    assert scene.document["metadata"]["labels"] == {LABEL: ""}


def test_gpus_are_gone_when_the_node_has_none_and_back_when_it_has_as_many() -> None:
    scene = Scene("vanish", node(labels={LABEL: "true"}))
    scene.inject()
    assert not scene.fault.in_effect(scene.injection, scene.systems)
    scene.store.edit({"status": {"allocatable": {"nvidia.com/gpu": "0"}}})
    assert scene.fault.in_effect(scene.injection, scene.systems)
    scene.undo()
    for there, undone in (("0", False), ("3", False), ("4", True)):
        scene.store.edit({"status": {"allocatable": {"nvidia.com/gpu": there}}})
        assert scene.fault.undone(scene.record, scene.systems) is undone


def test_a_taint_whose_value_somebody_else_has_changed_is_theirs() -> None:
    scene = Scene("taint", node())
    scene.inject()
    theirs = [{"key": "mlchaos.io/node-lost", "effect": "NoExecute", "value": "keep"}]
    scene.store.edit({"spec": {"taints": theirs}})
    scene.undo()
    assert scene.document["spec"]["taints"] == theirs


@pytest.mark.parametrize("broken", ["", "[]", "{}", '{"before": 7}', "{"])
def test_a_mark_that_somebody_broke_is_undone_from_the_ledger(broken: str) -> None:
    scene = Scene("taint and cordon", node())
    scene.inject()
    scene.store.edit({"metadata": {"annotations": {"undo.mlchaos.io/mlchaos-run-1-0001": broken}}})
    scene.undo()
    assert scene.document["spec"] == {}


def test_a_node_that_never_stands_still_is_given_back_to_the_caller() -> None:
    scene = Scene("cordon", node())

    def always() -> None:
        scene.store.edit({"metadata": {"annotations": {"beat": scene.store.document["metadata"]["resourceVersion"]}}})  # type: ignore[index]
        scene.store.interfere = always

    scene.store.interfere = always
    with pytest.raises(ConflictError):
        scene.inject()
    scene.undo()
    assert not scene.document["spec"]


KEYS = st.sampled_from(["a", "b", "mlchaos.io/node-lost"])
EFFECTS = st.sampled_from(["NoExecute", "NoSchedule"])
TAINTS = st.builds(lambda key, effect: {"key": key, "effect": effect, "value": "v"}, KEYS, EFFECTS)
OTHERS = st.one_of(
    st.tuples(st.just("add"), TAINTS),
    st.tuples(st.just("remove"), KEYS),
    st.tuples(st.just("label"), st.sampled_from(["x", "y", None])),
)


def apply(store: NodeStore, other: tuple[str, Any], ours: Callable[[Document], bool]) -> None:
    """Somebody else's edit; of our own taint they keep off."""
    kind, what = other
    assert store.document is not None
    taints = store.document["spec"].get("taints") or []
    if kind == "add" and not any((t["key"], t["effect"]) == (what["key"], what["effect"]) for t in taints):
        store.edit({"spec": {"taints": [*taints, what]}})
    elif kind == "remove":
        store.edit({"spec": {"taints": [t for t in taints if t["key"] != what or ours(t)] or None}})
    elif kind == "label":
        store.edit({"metadata": {"labels": {"theirs": what}}})


@settings(max_examples=60, deadline=None)
@given(
    case=st.sampled_from(sorted(CASES)),
    start=st.lists(TAINTS, max_size=2, unique_by=lambda t: (t["key"], t["effect"])),
    cordoned=st.booleans(),
    history=st.lists(st.one_of(OTHERS, st.sampled_from(["inject", "undo"])), max_size=8),
    races=st.lists(OTHERS, max_size=4),
)
def test_after_any_history_the_node_is_as_if_only_the_others_had_written(
    case: str, start: list[Document], cordoned: bool, history: list[Any], races: list[Any]
) -> None:
    scene = Scene(case, node(taints=start, cordoned=cordoned))
    alone = NodeStore(node(taints=start, cordoned=cordoned))

    def ours(taint: Document) -> bool:
        assert scene.store.document is not None
        marked = any(key.startswith("undo.") for key in read_node(scene.store.document).annotations)
        return marked and taint["value"] != "v"

    def others(edit: tuple[str, Any]) -> None:
        """Both worlds see it, unless the fault's own taint is what kept it out of one."""
        if edit[0] == "add":
            there = [t for t in (scene.store.document or {})["spec"].get("taints") or [] if ours(t)]
            if any((t["key"], t["effect"]) == (edit[1]["key"], edit[1]["effect"]) for t in there):
                return
        apply(scene.store, edit, ours)
        apply(alone, edit, lambda _: False)

    def race() -> None:
        if races:
            others(races.pop())

    for step in history:
        scene.store.interfere = race
        if step == "inject":
            with contextlib.suppress(RefusedError):
                scene.inject()
        elif step == "undo":
            scene.undo()
        else:
            others(step)
    scene.store.interfere = race
    scene.undo()
    assert alone.document is not None
    left = scene.document
    metadata = {k: v for k, v in alone.document["metadata"].items() if k != "resourceVersion"}
    expected = {**alone.document, "metadata": metadata}
    for one in (left, expected):
        one["spec"] = {**one["spec"], "taints": sorted(map(str, one["spec"].get("taints") or []))}
    assert left == expected
