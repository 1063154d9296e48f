"""When a run is over its fault."""

import pytest

from runner.run_summary import BrokenTarget
from runner.summarise import without_fault


def broken(fault: str, undone_at: float | None) -> BrokenTarget:
    return BrokenTarget(fault, "pod", "ml-serving", "a", "uid", "", "", at=100.0, undone_at=undone_at)


@pytest.mark.parametrize(
    "fault", ["network.latency", "gpus.vanish", "pods.freeze", "nodes.lose", "certificates.expired"]
)
def test_a_fault_that_stays_is_over_when_it_is_out(fault: str) -> None:
    assert without_fault(100.0, [broken(fault, 115.0), broken(fault, 120.0)]) == 120.0
    assert without_fault(130.0, [broken(fault, 115.0)]) == 130.0


@pytest.mark.parametrize("fault", ["pods.kill", "pods.evict", "pods.kill_container"])
def test_what_was_killed_is_over_when_the_workload_is_whole(fault: str) -> None:
    assert without_fault(103.0, [broken(fault, 115.0)]) == 103.0
    assert without_fault(103.0, [broken(fault, None)]) == 103.0


def test_a_workload_that_is_not_whole_or_a_fault_that_is_still_in_is_never_over() -> None:
    assert without_fault(None, [broken("pods.kill", 115.0)]) is None
    assert without_fault(100.0, [broken("network.latency", 115.0), broken("network.latency", None)]) is None
