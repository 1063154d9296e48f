"""The first line of `chaos lab status` says ready only when all is well."""

import pytest

from lab.state import Component, LabState, Phase
from runner.cli.lab_status import PodLine, Workloads, headline


def state(phase: Phase = "ready", step: str = "", running: bool = True) -> LabState:
    node = Component(name="gpu-b", kind="node", running=running, detail="killed by SIGKILL")
    return LabState(lab_id="l", phase=phase, step=step, supervisor_pid=1, octet=9, started_at=0, components=(node,))


def pod(ready: bool, phase: str = "Running", name: str = "llm-1") -> PodLine:
    return PodLine("ml-serving", name, phase, ready, "gpu-a")


WELL = Workloads((pod(True), pod(False, "Succeeded")))


@pytest.mark.parametrize(
    ("lab", "workloads", "expected"),
    [
        (state(), WELL, "ready"),
        (state(running=False), WELL, "degraded: gpu-b is down"),
        (state(), Workloads((pod(True), pod(False, "Pending"))), "degraded: 1 of 2 pods not ready (llm-1)"),
        (state(), Workloads(failure="refused"), "degraded: the cluster does not answer"),
        (state(), None, "degraded: the cluster does not answer"),
        (state("starting", "waiting for llm 0/3"), WELL, "starting: waiting for llm 0/3"),
        (state("crashed", "apiserver was lost"), None, "crashed: apiserver was lost"),
    ],
)
def test_the_headline(lab: LabState, workloads: Workloads | None, expected: str) -> None:
    assert headline(lab, workloads) == expected


def test_a_lab_without_its_slo_rules_is_not_well() -> None:
    lab = state().model_copy(update={"rules_problem": "gpu.yaml:3:1: error"})
    assert headline(lab, WELL) == "degraded: no SLO rules (gpu.yaml:3:1: error)"


def test_many_pods_are_counted_and_a_few_named() -> None:
    workloads = Workloads(tuple(pod(False, "Pending", f"llm-{number}") for number in range(5)))
    assert headline(state(), workloads) == "degraded: 5 of 5 pods not ready (llm-0, llm-1, llm-2, ...)"


def test_a_cluster_that_does_not_answer_is_said_where_the_pods_would_be() -> None:
    assert "refused" in Workloads(failure="refused").table()
    assert Workloads().table() == "no pods"
