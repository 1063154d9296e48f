"""A late heartbeat fences a run for as long as anything of it may be left, and no longer."""

import pytest

from actions.ledger.record import State
from actions.run_context import Injected
from runner.guarding.recovery import NOT_WAITED_FOR, Recovery
from runner.guarding.session import Phase, all_over
from tests.actions.ledger.rigged import rigged_record

RECOVERED = Recovery("recovered", 1.0)


def injected(state: State = "undone", *, in_flight: bool = False) -> Injected:
    return Injected(rigged_record(state=state), "break it", 100.0, perhaps_in_flight=in_flight)


def test_when_all_is_undone_and_the_slos_are_back_all_is_over() -> None:
    assert all_over("after", RECOVERED, [injected(), injected()])
    assert all_over("rollbacks", RECOVERED, [injected()])


@pytest.mark.parametrize("phase", ["gate", "method"])
def test_before_the_undo_nothing_is_over(phase: Phase) -> None:
    assert not all_over(phase, RECOVERED, [injected()])


@pytest.mark.parametrize("recovery", [NOT_WAITED_FOR, Recovery("not recovered"), Recovery("unknown")])
def test_until_the_slos_are_known_to_be_back_nothing_is_over(recovery: Recovery) -> None:
    assert not all_over("after", recovery, [injected()])


@pytest.mark.parametrize("left", [injected("stuck"), injected("undoing"), injected("active"), injected(in_flight=True)])
def test_while_a_fault_is_in_or_may_still_land_nothing_is_over(left: Injected) -> None:
    assert not all_over("after", RECOVERED, [injected(), left])
