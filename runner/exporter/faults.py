"""What a ledger says, as metrics. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

from actions.ledger.record import Record, State
from runner.exporter.metrics import FAULTS, FAULTS_OVERDUE, HALTED, RUNS_ALIVE, UNREADABLE_RECORDS
from runner.exporter.values import Value

STATES: tuple[State, ...] = get_args(State)
UNKNOWN = "unknown"
"""Stands for faults that are not known here: names come out of ledgers, which others can write."""


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What a ledger holds at one moment: records, how many cannot be read, which runs live, whether all are halted."""

    records: tuple[Record, ...]
    unreadable: int
    alive: frozenset[str]
    halted: bool


def fault_values(states: Sequence[LedgerState], known: Iterable[str], now: float) -> Iterator[Value]:
    """What the ledgers say together at the time `now` (epoch seconds); `known` are the faults that are installed."""
    records = [record for state in states for record in state.records]
    names = sorted(known)
    counts = Counter((record.fault if record.fault in names else UNKNOWN, record.state) for record in records)
    for fault in [*names, UNKNOWN]:
        for state in STATES:
            yield Value(FAULTS, counts[fault, state], (fault, state))
    overdue = sum(record.state != "undone" and record.expires_at <= now for record in records)
    yield Value(FAULTS_OVERDUE, overdue)
    yield Value(UNREADABLE_RECORDS, sum(state.unreadable for state in states))
    yield Value(RUNS_ALIVE, len(frozenset().union(*(state.alive for state in states))))
    yield Value(HALTED, any(state.halted for state in states))
