"""Reading what is known of runs."""

from collections.abc import Mapping, Sequence
from typing import Protocol, Self

from runner.runs.record import RunRecord
from runner.store.values import AlertProof, RunFilter, RunRow, TrendPoint


class StoreError(Exception):
    """The store cannot be used: which, why, what to do."""


class UnknownRunError(StoreError):
    """No run is called so, or more than one begins so."""


class Store(Protocol):
    """The results store. Every call raises StoreError when the database cannot be asked."""

    warnings: Sequence[str]
    """What could not be taken in, in words."""

    @property
    def place(self) -> str:
        """Which database it is, without a password."""

    def run(self, run_id: str) -> RunRecord:
        """All of a run; a unique beginning of its id will do, and `latest` is the newest. Raises UnknownRunError."""

    def runs(self, which: RunFilter = ...) -> Sequence[RunRow]:
        """The runs, newest first."""

    def trends(self, which: RunFilter = ...) -> Sequence[TrendPoint]:
        """The runs that put a fault in and were judged, oldest first."""

    def alert_proofs(self) -> Sequence[AlertProof]:
        """What the runs say of each alert that one of them expected, by alert and SLO."""

    def spent_between(self, start: float, end: float) -> Mapping[str, float]:
        """The share of each SLO's error budget that the runs which began in [start, end) have spent, by SLO."""

    def unfinished(self) -> Sequence[RunRow]:
        """The runs that go on, newest first."""

    def prune(self, before: float, *, dry: bool = False) -> int:
        """Forget runs that began before; how many there were. Runs that go on are kept."""

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...
