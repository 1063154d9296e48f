"""Container states to pod status, and back."""

from dataclasses import replace
from typing import Any

import pytest

from lab.apiserver.pod_summary import pod_reason
from lab.kubelet.status import (
    ContainerRecord,
    PodRecord,
    Running,
    State,
    Terminated,
    Waiting,
    container_status,
    phase,
    pod_status,
    restarted,
    restarts,
    resume,
)

T0, T1 = "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"
UP = ContainerRecord("main", state=Running(T0), ready=True, started=True)
STARTING = ContainerRecord("main")


def ended(code: int) -> Terminated:
    return Terminated(code, "Completed" if code == 0 else "Error", T0, T1)


def of(*states: State, inits: tuple[State, ...] = ()) -> PodRecord:
    return PodRecord(
        containers=tuple(ContainerRecord(f"c{i}", state=state) for i, state in enumerate(states)),
        inits=tuple(ContainerRecord(f"i{i}", state=state) for i, state in enumerate(inits)),
    )


@pytest.mark.parametrize(
    ("record", "policy", "expected"),
    [
        (of(Waiting("ContainerCreating")), "Always", "Pending"),
        (of(Running(T0), Waiting("ContainerCreating")), "Always", "Pending"),
        (of(Running(T0)), "Always", "Running"),
        (of(Running(T0), ended(0)), "Never", "Running"),
        (of(ended(0), ended(0)), "Never", "Succeeded"),
        (of(ended(0), ended(1)), "Never", "Failed"),
        (of(Waiting("PodInitializing"), inits=(Running(T0),)), "Always", "Pending"),
        (of(Waiting("PodInitializing"), inits=(ended(1),)), "Always", "Pending"),
        (of(Waiting("PodInitializing"), inits=(ended(1),)), "Never", "Failed"),
        (of(Running(T0), inits=(ended(0),)), "Always", "Running"),
        (replace(of(Running(T0)), failure=("Evicted", "")), "Always", "Failed"),
    ],
)
def test_the_phase_follows_from_the_containers(record: PodRecord, policy: str, expected: str) -> None:
    assert phase(record, policy) == expected


def test_a_container_that_waits_to_be_restarted_keeps_its_pod_running() -> None:
    waiting = ContainerRecord("c", state=Waiting("CrashLoopBackOff"), last=ended(1))
    assert phase(PodRecord((waiting,)), "Always") == "Running"


@pytest.mark.parametrize(
    ("policy", "code", "expected"),
    [("Always", 0, True), ("Always", 1, True), ("OnFailure", 0, False), ("OnFailure", 1, True), ("Never", 1, False)],
)
def test_restart_policies(policy: str, code: int, expected: bool) -> None:
    assert restarts(policy, code) is expected


def conditions(record: PodRecord, now: str = T0, **document: Any) -> dict[str, dict[str, Any]]:
    status = pod_status({"spec": {}, **document}, record, now)
    return {condition["type"]: condition for condition in status["conditions"]}


def test_a_pod_is_ready_when_all_its_containers_are() -> None:
    assert conditions(PodRecord((UP, UP), pod_ip="1"))["Ready"]["status"] == "True"
    unready = conditions(PodRecord((UP, replace(UP, name="slow", ready=False)), pod_ip="1"))["Ready"]
    assert (unready["status"], unready["reason"]) == ("False", "ContainersNotReady")
    assert "slow" in unready["message"]


def test_a_pod_is_not_ready_while_a_readiness_gate_is_shut() -> None:
    gates: dict[str, Any] = {"spec": {"readinessGates": [{"conditionType": "x/y"}]}}
    opened: dict[str, Any] = {"status": {"conditions": [{"type": "x/y", "status": "True"}]}}
    assert conditions(PodRecord((UP,), pod_ip="1"), **gates)["Ready"]["reason"] == "ReadinessGatesNotReady"
    assert conditions(PodRecord((UP,), pod_ip="1"), **gates, **opened)["Ready"]["status"] == "True"


def test_a_rejected_pod_tells_its_reason_and_no_containers() -> None:
    refused = replace(of(Waiting("ContainerCreating"), inits=(Waiting("PodInitializing"),)), failure=("NoGpus", "none"))
    status = pod_status({"spec": {}}, refused, T0)
    assert (status["phase"], status["reason"], status["message"]) == ("Failed", "NoGpus", "none")
    assert not {"containerStatuses", "initContainerStatuses"} & set(status)
    assert pod_reason({"metadata": {}, "spec": {}, "status": status}) == "NoGpus"


def test_a_pod_given_up_after_it_ran_keeps_its_containers() -> None:
    given_up = replace(of(ended(1), Waiting("ContainerCreating")), failure=("KubeletError", ""))
    status = pod_status({"spec": {}}, given_up, T0)
    assert [container["name"] for container in status["containerStatuses"]] == ["c0", "c1"]


def test_transition_times_change_only_with_the_condition() -> None:
    record = PodRecord((UP,), pod_ip="1")
    first = pod_status({"spec": {}}, record, T0)
    assert pod_status({"spec": {}, "status": first}, record, T1) == first
    later = conditions(PodRecord((replace(UP, ready=False),), pod_ip="1"), T1, status=first)
    assert later["Ready"]["lastTransitionTime"] == T1
    assert later["Initialized"]["lastTransitionTime"] == T0


def test_conditions_of_others_are_kept() -> None:
    other = {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}
    assert conditions(PodRecord((UP,)), status={"conditions": [other]})["DisruptionTarget"] == other


def test_the_status_of_a_container_is_told_whole() -> None:
    record = replace(UP, state=Waiting("CrashLoopBackOff", "m"), last=ended(137), restarts=2, ready=False)
    status = container_status(record)
    assert status["state"] == {"waiting": {"reason": "CrashLoopBackOff", "message": "m"}}
    assert status["lastState"]["terminated"]["exitCode"] == 137
    assert status["restartCount"] == 2


@pytest.mark.parametrize("state", [Running(T0), ended(3), Waiting("CrashLoopBackOff")])
def test_a_new_kubelet_takes_over_what_the_old_one_told(state: State) -> None:
    told = container_status(ContainerRecord("main", image="i", state=state, last=ended(1), restarts=4))
    record = resume({"name": "main", "image": "i"}, told, T1)
    assert (record.restarts, record.last) == (4, ended(1))
    match state:
        case Running():
            assert isinstance(record.state, Terminated)
            assert (record.state.reason, record.state.exit_code) == ("ContainerStatusUnknown", 137)
        case Terminated():
            assert record.state == state
        case Waiting():
            assert isinstance(record.state, Waiting)


def test_a_restart_makes_the_end_history() -> None:
    record = restarted(replace(UP, state=ended(1)), Waiting("CrashLoopBackOff"))
    assert (record.last, record.restarts, record.ready) == (ended(1), 1, False)
