"""The results store in a database."""

import time
from collections.abc import Mapping, Sequence
from typing import Self

from sqlalchemy import and_, delete, func, select
from sqlalchemy.exc import IntegrityError

from runner.runs.record import RUNNING, RunRecord
from runner.slo.garbage import without_collecting
from runner.store.coverage import alert_proofs
from runner.store.database import Database
from runner.store.lists import run_rows, spent_between, trend_points
from runner.store.reading import find, read
from runner.store.schema import runs
from runner.store.store import StoreError
from runner.store.values import AlertProof, RunFilter, RunRow, TrendPoint
from runner.store.writing import put

_ALL = RunFilter()
_ATTEMPTS = 3
"""Two processes may put the same new run in at the same moment; the second one finds it there when it tries again."""


class SqlStore:
    """runner.store.store.Store, and how runs get into it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.warnings: Sequence[str] = ()

    @property
    def place(self) -> str:
        return self._database.place

    def put(self, record: RunRecord, heard_at: float) -> None:
        """Store a run as it is known now; `heard_at` is when it was last heard of. Raises StoreError."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._database.writing() as connection:
                    put(connection, record, heard_at)
            except StoreError as error:
                if attempt == _ATTEMPTS or not isinstance(error.__cause__, IntegrityError):
                    raise
            else:
                return

    def has(self, run_id: str) -> bool:
        """Whether this very run is stored."""
        with self._database.reading() as connection:
            return connection.execute(select(runs.c.run_id).where(runs.c.run_id == run_id)).first() is not None

    def has_ended(self, run_id: str) -> bool:
        """Whether this very run is stored with its end."""
        with self._database.reading() as connection:
            ended = select(runs.c.run_id).where(runs.c.run_id == run_id, runs.c.ended_at.is_not(None))
            return connection.execute(ended).first() is not None

    def run(self, run_id: str) -> RunRecord:
        with self._database.reading() as connection:
            return read(connection, find(connection, run_id), time.time())

    def runs(self, which: RunFilter = _ALL) -> Sequence[RunRow]:
        with self._database.reading() as connection, without_collecting():
            return run_rows(connection, which, time.time())

    def trends(self, which: RunFilter = _ALL) -> Sequence[TrendPoint]:
        with self._database.reading() as connection, without_collecting():
            return trend_points(connection, which, time.time())

    def alert_proofs(self) -> Sequence[AlertProof]:
        with self._database.reading() as connection:
            return alert_proofs(connection)

    def spent_between(self, start: float, end: float) -> Mapping[str, float]:
        with self._database.reading() as connection:
            return spent_between(connection, start, end)

    def unfinished(self) -> Sequence[RunRow]:
        return self.runs(RunFilter(verdicts=(RUNNING,)))

    def prune(self, before: float, *, dry: bool = False) -> int:
        with self._database.writing() as connection:
            old = and_(runs.c.started_at < before, runs.c.verdict != RUNNING)
            found = connection.execute(select(func.count()).select_from(runs).where(old)).scalar_one()
            if not dry:
                connection.execute(delete(runs).where(old))
            return found

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
