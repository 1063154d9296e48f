"""Faults of nodes and GPUs where kubelets, DCGM and a node killer are real: in a lab."""

from collections.abc import Iterator
from typing import Any

import pytest

from actions.choice import Choice
from actions.fault import Draft, Fault, Injection, RefusedError
from actions.gpus.broken_reading import InjectReading
from actions.gpus.dcgm import Place
from actions.gpus.host_engine import DcgmError, HostEngine
from actions.gpus.vanishing import VanishGpus
from actions.gpus.xid_errors import InjectXid
from actions.ledger.record import Record, Undo
from actions.nodes.losing import LoseNode
from actions.nodes.node import NODES
from actions.systems import Systems
from tests.lab.labs import Lab
from tests.waiting import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("full-lab"), pytest.mark.timeout(900)]

DCGM = {"dcgm_namespace": "gpu-operator", "dcgm_selector": "app=nvidia-dcgm-exporter"}
GPU_NODES = {"label_selector": "nvidia.com/gpu.present=true"}
TAG = "mlchaos-20261122t163800z-ab12cd-1f2e3d4c"
PATIENCE_SECONDS = 60.0


@pytest.fixture
def systems(full_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systems]:
    """The lab, reached as `chaos lab env` says."""
    for name, value in full_lab.environment().items():
        monkeypatch.setenv(name, value)
    with Systems() as opened:
        yield opened


class Hits:
    """A fault on all targets that its plan picks, in and out again."""

    def __init__(self, fault: Fault[Any], name: str, systems: Systems, **arguments: Any) -> None:
        self.fault, self.systems = fault, systems
        parsed = fault.arguments.model_validate(arguments)
        self.draft: Draft = fault.plan(parsed, systems, Choice(1))
        self.injections, self.records = [], []
        for index, target in enumerate(self.draft.targets):
            tag = f"{TAG}-{index}"
            undo = fault.undo_arguments(target, parsed, systems)
            self.injections.append(Injection("20261122T163800Z-ab12cd", tag, target, parsed, undo, 2e9))
            self.records.append(Record(tag, "20261122T163800Z-ab12cd", name, target, Undo(name, undo), 0, 2e9))

    def inject(self) -> None:
        for one in self.injections:
            self.fault.inject(one, self.systems)
        wait_for(lambda: all(self.fault.in_effect(one, self.systems) for one in self.injections), PATIENCE_SECONDS)

    def undo(self) -> None:
        for one in self.records:
            self.fault.undo(one, self.systems)
        wait_for(self.undone, PATIENCE_SECONDS)

    def undone(self) -> bool:
        return all(self.fault.undone(one, self.systems) for one in self.records)


def shown(systems: Systems, node: str, field: int, gpu: int = 0) -> int | None:
    """What DCGM shows."""
    engine = HostEngine(systems.kube, node, DCGM["dcgm_namespace"], DCGM["dcgm_selector"])
    return engine.read(Place(gpu, field))


def test_an_xid_is_shown_by_dcgm_and_no_more_after_the_undo(systems: Systems) -> None:
    hits = Hits(InjectXid(), "gpus.xid", systems, **GPU_NODES, count=2, gpu=3, xid=79)
    assert sorted(target.name for target in hits.draft.targets) == ["gpu-a", "gpu-b"]
    assert any("only readers of DCGM see this" in warning for warning in hits.draft.warnings)
    assert any("has no undo known to work" in warning for warning in hits.draft.warnings)
    assert "no undo is known for what has latched the error" in str(hits.records[0].undo.args["note"])
    hits.inject()
    assert [shown(systems, node, 230, gpu=3) for node in ("gpu-a", "gpu-b")] == [79, 79]
    with pytest.raises(RefusedError, match=r"GPU 3 of node gpu-. shows 79 in field 230 already"):
        Hits(InjectXid(), "gpus.xid", systems, **GPU_NODES, gpu=3, xid=79)
    hits.undo()
    hits.undo()
    assert [shown(systems, node, 230, gpu=3) for node in ("gpu-a", "gpu-b")] == [0, 0]


def test_what_dcgm_shows_of_itself_meanwhile_is_not_taken_back(systems: Systems) -> None:
    hits = Hits(InjectXid(), "gpus.xid", systems, names=["gpu-a"], gpu=2, xid=95)
    engine = HostEngine(systems.kube, "gpu-a", DCGM["dcgm_namespace"], DCGM["dcgm_selector"])
    hits.inject()
    engine.inject(Place(2, 230), 48)
    hits.undo()
    assert shown(systems, "gpu-a", 230, gpu=2) == 48
    engine.inject(Place(2, 230), 0)


@pytest.mark.parametrize(("reading", "field", "broken"), [("row-remap-failure", 395, 1), ("inforom-invalid", 84, 0)])
def test_a_broken_reading_is_healthy_after_the_undo(systems: Systems, reading: str, field: int, broken: int) -> None:
    hits = Hits(InjectReading(), "gpus.reading", systems, names=["gpu-b"], reading=reading)
    healthy = shown(systems, "gpu-b", field)
    hits.inject()
    assert shown(systems, "gpu-b", field) == broken
    hits.undo()
    assert shown(systems, "gpu-b", field) == healthy != broken


def test_a_gpu_that_dcgm_does_not_have_is_refused_by_the_plan_and_by_dcgm(systems: Systems) -> None:
    with pytest.raises(RefusedError, match="it has 4 GPUs, and none with number 9"):
        Hits(InjectXid(), "gpus.xid", systems, **GPU_NODES, gpu=9)
    with pytest.raises(RefusedError, match="no pod 'app=nobody' of namespace gpu-operator runs on it"):
        Hits(InjectXid(), "gpus.xid", systems, **GPU_NODES, dcgm_selector="app=nobody")
    engine = HostEngine(systems.kube, "gpu-a", DCGM["dcgm_namespace"], DCGM["dcgm_selector"])
    with pytest.raises(DcgmError, match=r"ended with 1: dcgmi: .*there is no GPU 9"):
        engine.read(Place(9, 230))


def test_gpus_vanish_from_a_node_and_come_back(systems: Systems) -> None:
    hits = Hits(VanishGpus(), "gpus.vanish", systems, names=["gpu-b"])
    assert hits.draft.gpus == 4
    hits.inject()
    hits.undo()
    labels = systems.kube.get(NODES, "gpu-b")["metadata"]["labels"]
    assert "nvidia.com/gpu.deploy.device-plugin" not in labels


def test_a_lost_node_is_ready_again_after_the_undo_and_its_price_is_all_that_it_carries(
    systems: Systems, full_lab: Lab
) -> None:
    hits = Hits(LoseNode(), "nodes.lose", systems, names=["gpu-b"], hosting=_ranks())
    assert ("ml-training", "job/trainer", True) in [
        (one.namespace, one.workload, one.gang) for one in hits.draft.affected
    ]
    assert {"node:gpu-b", "workload:ml-training/job/trainer"} <= set(hits.draft.locks)
    assert hits.draft.targets[0].details["killer"] == "command"
    try:
        hits.inject()
        assert not hits.undone()
    finally:
        hits.undo()
    assert {"gpu-b"} <= {component.name for component in full_lab.state().components if component.running}
    hits.undo()


def test_nodes_cannot_be_lost_where_nothing_brings_them_back(systems: Systems, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLCHAOS_NODE_START")
    with pytest.raises(RefusedError, match="MLCHAOS_NODE_START is empty: a node is only taken away where it can be"):
        Hits(LoseNode(), "nodes.lose", systems, names=["gpu-b"])


def _ranks() -> dict[str, str]:
    return {"namespace": "ml-training", "label_selector": "app=trainer"}
