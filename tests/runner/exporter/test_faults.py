from typing import Any

from actions.fault import Target
from actions.ledger.record import Record, Undo
from runner.exporter.faults import LedgerState, fault_values
from tests.runner.exporter.scrape import series

KNOWN = ("network.delay", "pods.kill")


def record(fault: str = "pods.kill", state: Any = "active", expires_at: float = 200.0) -> Record:
    return Record(
        "x", "r", fault, Target("pod", "llm-0", "ml-serving", "1", {}), Undo(fault, {}), 100.0, expires_at, state
    )


def served(*records: Record, **changed: Any) -> dict[str, float]:
    values: dict[str, Any] = {"records": records, "unreadable": 0, "alive": frozenset(), "halted": False}
    return series(fault_values([LedgerState(**(values | changed))], KNOWN, 150.0))


def test_faults_are_counted_by_name_and_state_and_none_is_zero() -> None:
    found = served(record(), record(), record("network.delay", "stuck"))
    assert found['mlchaos_faults{fault="pods.kill",state="active"}'] == 2
    assert found['mlchaos_faults{fault="network.delay",state="stuck"}'] == 1
    assert found['mlchaos_faults{fault="network.delay",state="active"}'] == 0


def test_a_fault_that_is_not_known_here_makes_no_label_of_its_own() -> None:
    found = served(record("somebody.elses"))
    assert found['mlchaos_faults{fault="unknown",state="active"}'] == 1
    assert not [name for name in found if "somebody" in name]


def test_a_fault_is_overdue_when_it_has_expired_and_is_not_undone() -> None:
    found = served(record(expires_at=150.0), record(expires_at=151.0), record(state="undone", expires_at=10.0))
    assert found["mlchaos_faults_overdue"] == 1


def test_ledgers_are_added_up_and_a_run_in_both_is_one() -> None:
    states = [
        LedgerState((record(),), 1, frozenset({"a", "b"}), False),
        LedgerState((record(),), 2, frozenset({"b"}), True),
    ]
    found = series(fault_values(states, KNOWN, 150.0))
    assert found['mlchaos_faults{fault="pods.kill",state="active"}'] == 2
    assert found["mlchaos_unreadable_records"] == 3
    assert found["mlchaos_runs_alive"] == 2
    assert found["mlchaos_halted"] == 1


def test_without_a_ledger_there_is_no_fault() -> None:
    found = series(fault_values([], KNOWN, 150.0))
    assert set(found.values()) == {0.0}
