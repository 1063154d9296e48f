import pytest

from lab.controllers.node_lifecycle import Heartbeats
from lab.controllers.node_plan import is_lost, lost_conditions, ready_status, wanted_taints
from lab.controllers.taints import DISK_PRESSURE, NOT_READY, UNREACHABLE, UNSCHEDULABLE
from lab.kubeclient import Document
from tests.lab.controllers.objects import node, taint


def keys(of: Document) -> list[tuple[str, str]]:
    return [(t["key"], t["effect"]) for t in wanted_taints(of)]


@pytest.mark.parametrize(
    ("ready", "expected"),
    [
        ("True", []),
        ("False", [(NOT_READY, "NoSchedule"), (NOT_READY, "NoExecute")]),
        ("Unknown", [(UNREACHABLE, "NoSchedule"), (UNREACHABLE, "NoExecute")]),
    ],
)
def test_readiness_becomes_taints(ready: str, expected: list[tuple[str, str]]) -> None:
    assert keys(node(ready=ready)) == expected


def test_a_node_that_never_said_is_not_ready() -> None:
    silent = node()
    silent["status"] = {}
    assert ready_status(silent) == "False"
    assert keys(silent)[0] == (NOT_READY, "NoSchedule")


def test_a_cordoned_node_takes_no_new_pods() -> None:
    assert keys(node(unschedulable=True)) == [(UNSCHEDULABLE, "NoSchedule")]


def test_pressure_becomes_a_taint() -> None:
    pressed = node()
    pressed["status"]["conditions"].append({"type": "DiskPressure", "status": "True"})
    assert keys(pressed) == [(DISK_PRESSURE, "NoSchedule")]


def test_other_peoples_taints_stay_and_ours_go_when_their_reason_does() -> None:
    theirs = taint("nvidia.com/gpu", "NoSchedule", "present")
    back = node(taints=[taint(UNREACHABLE), theirs, taint(UNREACHABLE, "NoExecute"), taint(UNSCHEDULABLE)])
    assert wanted_taints(back) == [theirs]


def test_a_taint_that_is_there_keeps_its_time() -> None:
    known = {**taint(NOT_READY, "NoExecute"), "timeAdded": "then"}
    assert known in wanted_taints(node(ready="False", taints=[known]))


def test_taints_are_wanted_once() -> None:
    first = node(ready="Unknown", unschedulable=True)
    first["spec"]["taints"] = wanted_taints(first)
    assert wanted_taints(first) == first["spec"]["taints"]
    assert is_lost(first)


def test_nobody_knows_anything_about_a_silent_node() -> None:
    silent = node()
    silent["status"]["conditions"].append({"type": "DiskPressure", "status": "False"})
    assert [(c["type"], c["status"], c["reason"]) for c in lost_conditions(silent)] == [
        ("Ready", "Unknown", "NodeStatusUnknown"),
        ("DiskPressure", "Unknown", "NodeStatusUnknown"),
    ]


def test_silence_is_measured_from_the_last_change_by_our_own_clock() -> None:
    heard = Heartbeats()
    assert heard.silence("a", 5) == float("inf")
    assert heard.hear("a", "one", 10)
    assert not heard.hear("a", "one", 11)
    assert heard.silence("a", 12) == 2
    assert heard.hear("a", "two", 12)
    assert heard.silence("a", 12) == 0
    heard.forget("a")
    assert heard.silence("a", 12) == float("inf")
