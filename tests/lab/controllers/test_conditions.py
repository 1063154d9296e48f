from lab.controllers.conditions import condition, find, is_true, merged
from tests.lab.controllers.objects import pod

OLD = {"type": "A", "status": "True", "reason": "r", "message": "m", "lastTransitionTime": "then"}


def test_what_did_not_change_is_kept_with_its_time() -> None:
    assert merged([OLD], [condition("A", True, "r", "m")]) == [OLD]


def test_a_new_reason_is_no_transition() -> None:
    (fresh,) = merged([OLD], [condition("A", True, "other", "m")])
    assert (fresh["reason"], fresh["lastTransitionTime"]) == ("other", "then")


def test_a_new_status_is_a_transition() -> None:
    (fresh,) = merged([OLD], [condition("A", False, "r", "m")])
    assert fresh["status"] == "False"
    assert fresh["lastTransitionTime"] != "then"


def test_other_conditions_are_left_alone_and_new_ones_are_added() -> None:
    assert [c["type"] for c in merged([OLD], [condition("B", True, "r")])] == ["A", "B"]
    assert [c["type"] for c in merged(None, [condition("B", "Unknown", "r")])] == ["B"]


def test_fields_that_others_wrote_survive() -> None:
    (fresh,) = merged([{**OLD, "lastHeartbeatTime": "x"}], [condition("A", "Unknown", "r", "m")])
    assert fresh["lastHeartbeatTime"] == "x"


def test_reading() -> None:
    assert is_true(pod(), "Ready")
    assert not is_true(pod(ready=False), "Ready")
    assert find({}, "Ready") is None
