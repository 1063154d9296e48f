from lab.controllers.garbage import Verdict, judge
from tests.lab.controllers.objects import reference

FIRST, SECOND = reference("ReplicaSet", "a", "1", blockOwnerDeletion=True), reference("Deployment", "b", "2")


def test_an_object_whose_owners_are_all_gone_goes_too() -> None:
    assert judge([FIRST, SECOND], absent={"1", "2"}, waiting=set(), has_dependents=True) == Verdict("Background", [])


def test_an_object_with_one_owner_left_loses_the_other_references() -> None:
    assert judge([FIRST, SECOND], absent={"1"}, waiting=set(), has_dependents=False) == Verdict(None, [SECOND])


def test_an_owner_that_waits_for_its_dependents_is_obeyed() -> None:
    assert judge([FIRST], absent=set(), waiting={"1"}, has_dependents=False).delete == "Background"


def test_a_waiting_owner_waits_for_the_dependents_of_its_dependents() -> None:
    assert judge([FIRST], absent=set(), waiting={"1"}, has_dependents=True).delete == "Foreground"
    assert judge([SECOND], absent=set(), waiting={"2"}, has_dependents=True).delete == "Background"


def test_an_object_with_a_solid_owner_is_kept_from_a_waiting_one() -> None:
    assert judge([FIRST, SECOND], absent=set(), waiting={"1"}, has_dependents=False) == Verdict(None, [SECOND])
