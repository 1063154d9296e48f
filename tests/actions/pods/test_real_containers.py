"""Processes of a real container, killed and frozen through exec; what is undone, and what must not be touched."""

from collections.abc import Iterator
from typing import Any

import pytest

from actions.choice import Choice
from actions.fault import Fault, Injection, RefusedError, fault_named
from actions.ledger.record import Record, Undo
from actions.pods.inside import list_processes
from actions.pods.processes import Process, started_by_first
from actions.systems import Systems
from lab.kubelet.isolation import detect
from tests.actions.effect import seen
from tests.lab.kubelet.cluster import Cluster, a_cluster
from tests.octets import reserved_octet
from tests.waiting import wait_for

pytestmark = pytest.mark.lab

SECONDS = 20.0
WITH_ENGINE = "sh -c 'while :; do sleep 60; done' & wait"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """An API server and a kubelet."""
    if not detect().pid_namespace:
        pytest.skip("containers have no process namespace of their own on this machine")
    with reserved_octet() as octet, a_cluster(octet, tmp_path_factory.mktemp("cluster")) as made:
        made.start_kubelet()
        yield made


@pytest.fixture
def systems(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systems]:
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    with Systems() as opened:
        yield opened
    cluster.clear()


def start(cluster: Cluster, script: str) -> None:
    """The pod `llm`, ready."""
    cluster.run("llm", {"name": "llm", "image": "none", "command": ["sh", "-c", script]})
    wait_for(lambda: cluster.container("llm").get("ready"), SECONDS)


def intended(name: str, systems: Systems) -> tuple[Fault[Any], Injection[Any], Record]:
    """A fault of one pod, planned and written down."""
    fault = fault_named(name)
    arguments = fault.arguments.model_validate({"namespace": "default", "label_selector": "app=llm"})
    (target,) = fault.plan(arguments, systems, Choice(1)).targets
    undo = fault.undo_arguments(target, arguments, systems)
    injection = Injection("run", "tag", target, arguments, undo, 0.0)
    return fault, injection, Record("record", "run", name, target, Undo(name, undo), 0.0, 0.0)


def processes(systems: Systems, injection: Injection[Any]) -> list[Process]:
    return started_by_first(list_processes(systems.kube, injection.target, "llm"))


def test_a_frozen_container_goes_on_when_the_fault_is_undone_and_none_else_is_touched(
    cluster: Cluster, systems: Systems
) -> None:
    start(cluster, WITH_ENGINE)
    fault, injection, record = intended("pods.freeze", systems)
    fault.undo(record, systems)  # it died before the injection
    assert fault.undone(record, systems)

    fault.inject(injection, systems)
    wait_for(lambda: fault.in_effect(injection, systems), SECONDS)
    assert all(process.stopped for process in processes(systems, injection))
    assert not fault.undone(record, systems)
    with pytest.raises(RefusedError, match="are stopped already, by somebody else"):
        intended("pods.freeze", systems)

    fault.undo(record, systems)
    fault.undo(record, systems)
    wait_for(lambda: fault.undone(record, systems), SECONDS)
    assert not any(process.stopped for process in processes(systems, injection))


def test_killed_processes_end_and_the_container_is_restarted(cluster: Cluster, systems: Systems) -> None:
    start(cluster, WITH_ENGINE)
    freeze, frozen, record = intended("pods.freeze", systems)
    freeze.inject(frozen, systems)
    wait_for(lambda: freeze.in_effect(frozen, systems), SECONDS)
    freeze.undo(record, systems)

    kill, injection, _ = intended("pods.kill_container", systems)
    kill.inject(injection, systems)
    wait_for(lambda: seen(kill, injection, systems), SECONDS)
    wait_for(lambda: cluster.container("llm").get("restartCount") == 1 and cluster.container("llm")["ready"], SECONDS)

    # The frozen processes are gone with the old container: nothing is left to undo, and the new one is not touched.
    freeze.undo(record, systems)
    assert freeze.undone(record, systems)
    with pytest.raises(RefusedError, match="is not the one any more that was to be hit"):
        kill.inject(injection, systems)

    cluster.delete("llm", gracePeriodSeconds=0)
    wait_for(lambda: cluster.pod("llm") is None, SECONDS)
    freeze.undo(record, systems)
    assert freeze.undone(record, systems)


def test_a_container_with_its_first_process_alone_is_refused(cluster: Cluster, systems: Systems) -> None:
    start(cluster, "exec sleep 1000")
    with pytest.raises(RefusedError, match="has no process but its first"):
        intended("pods.freeze", systems)
