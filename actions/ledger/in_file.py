"""The ledger in a local SQLite file, for faults outside a cluster. Every write is on the disk when its call returns."""

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from typing import Any

from actions.ledger.record import Halt, Heartbeat, Record, fault_of_document, read_record
from actions.ledger.store import (
    Contents,
    GivenUpError,
    LedgerError,
    LockedError,
    StaleRecordError,
    TransientLedgerError,
)
from actions.ledger.takeover import Clock, is_dead

BUSY_SECONDS = 2.0
"""How long a write waits for another process that is writing."""
RACES = 5
LAYOUT = 1
_TABLES = """
CREATE TABLE records (
    id TEXT PRIMARY KEY, run TEXT NOT NULL, state TEXT NOT NULL, intended_at REAL NOT NULL, document TEXT NOT NULL,
    version TEXT NOT NULL
);
CREATE TABLE heartbeats (run TEXT PRIMARY KEY, at REAL NOT NULL, version TEXT NOT NULL);
CREATE TABLE locks (key TEXT PRIMARY KEY, run TEXT NOT NULL);
CREATE TABLE halt (one INTEGER PRIMARY KEY CHECK (one = 1), why TEXT NOT NULL, by TEXT NOT NULL, at REAL NOT NULL);
"""


class InFile:
    """A ledger in the file `path`, which is made if need be. Processes and threads may share it.

    `cluster` is the Kubernetes API that the faults of this process are in, if any: each record keeps it.
    """

    def __init__(self, path: Path, cluster: str = "", clock: Clock | None = None) -> None:
        """Raises LedgerError when the file cannot be made or is none of ours."""
        self._path = path
        self._cluster = cluster
        self._clock = clock or Clock()
        self._lock = threading.RLock()
        self._beating: set[str] = set()
        self.place = f"the local ledger {path}"
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._file = _identity(path)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def add(self, record: Record) -> Record:
        wanted = record if record.cluster else replace(record, cluster=self._cluster)
        with self._writing():
            present = self._record(record.id)
            if present is not None:
                if present.document() != wanted.document():
                    raise StaleRecordError(f"record {record.id} is in {self.place} already, and another one")
                return present
            return self._put(
                "INSERT INTO records VALUES (:id, :run, :state, :intended_at, :document, :version)", wanted
            )

    def move(self, record: Record) -> Record:
        with self._writing():
            present = self._record(record.id)
            if present is None:
                raise StaleRecordError(f"record {record.id} is not in {self.place} any more")
            if present.version != record.version:
                if present.document() != record.document():
                    raise StaleRecordError(f"record {record.id} was moved by somebody else meanwhile")
                return present
            return self._put(
                "UPDATE records SET state = :state, document = :document, version = :version WHERE id = :id", record
            )

    def remove(self, record: Record) -> None:
        with self._writing():
            present = self._record(record.id)
            if present is None:
                return
            if present.state != "undone":
                raise LedgerError(f"record {record.id} is {present.state}, and only an undone one may be removed")
            self._connection.execute("DELETE FROM records WHERE id = ?", (record.id,))

    def get(self, record_id: str) -> Record | None:
        with self._reading():
            return self._record(record_id)

    def records(self, run: str | None = None) -> list[Record]:
        contents = self._contents(run)
        if contents.problems:
            raise LedgerError("; ".join(contents.problems))
        return list(contents.records)

    def contents(self) -> Contents:
        return self._contents(None)

    def beat(self, run: str, at: float) -> None:
        with self._writing():
            renewed = self._connection.execute(
                "UPDATE heartbeats SET at = ?, version = ? WHERE run = ?", (at, token_hex(8), run)
            )
            if renewed.rowcount == 0:
                if run in self._beating:
                    raise GivenUpError(
                        f"run {run} was silent for too long, was taken for dead and ended in {self.place}"
                    )
                self._connection.execute("INSERT INTO heartbeats VALUES (?, ?, ?)", (run, at, token_hex(8)))
        self._beating.add(run)

    def heartbeats(self) -> list[Heartbeat]:
        with self._reading():
            rows = self._connection.execute("SELECT run, at, version FROM heartbeats ORDER BY run").fetchall()
        return [Heartbeat(*row) for row in rows]

    def lock(self, key: str, run: str) -> None:
        for _ in range(RACES):
            holder = self._take(key, run, over="")
            if holder == run:
                return
            if not self._is_dead(holder):
                raise LockedError(f"{key} is being worked on by run {holder}, which lives; wait until it has ended")
            if self._take(key, run, over=holder) == run:
                return
        raise TransientLedgerError(f"{key} changes hands too fast to be locked")

    def locks(self) -> dict[str, str]:
        with self._reading():
            return dict(self._connection.execute("SELECT key, run FROM locks ORDER BY key").fetchall())

    def end(self, run: str) -> None:
        with self._writing():
            left = [row[0] for row in self._connection.execute("SELECT id FROM records WHERE run = ?", (run,))]
            if left:
                raise LedgerError(f"run {run} still has records in {self.place}: {', '.join(left)}")
            self._connection.execute("DELETE FROM locks WHERE run = ?", (run,))
            self._connection.execute("DELETE FROM heartbeats WHERE run = ?", (run,))

    def halt(self, halt: Halt) -> None:
        with self._writing():
            self._connection.execute("INSERT OR REPLACE INTO halt VALUES (1, ?, ?, ?)", (halt.why, halt.by, halt.at))

    def resume(self) -> Halt | None:
        with self._writing():
            lifted = self._halt()
            self._connection.execute("DELETE FROM halt")
        return lifted

    def halted(self) -> Halt | None:
        with self._reading():
            return self._halt()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _prepare(self) -> None:
        # EXTRA: also the directory is synced, so that a power cut right after a commit does not take it back.
        self._connection.execute("PRAGMA synchronous = EXTRA")
        if self._layout() == LAYOUT:
            return
        with self._writing():
            if self._layout() == 0:
                for statement in filter(str.strip, _TABLES.split(";")):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {LAYOUT}")
        if self._layout() != LAYOUT:
            raise LedgerError(
                f"{self.place} is of a newer mlchaos (layout {self._layout()}, this one knows {LAYOUT}): use that, or "
                "name another directory in MLCHAOS_STATE_DIR"
            )

    def _layout(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _put(self, statement: str, record: Record) -> Record:
        stored = replace(record, version=token_hex(8))
        values = {
            "id": stored.id,
            "run": stored.run,
            "state": stored.state,
            "intended_at": stored.intended_at,
            "document": json.dumps(stored.document(), sort_keys=True),
            "version": stored.version,
        }
        self._connection.execute(statement, values)
        return stored

    def _record(self, record_id: str) -> Record | None:
        row = self._connection.execute("SELECT document, version FROM records WHERE id = ?", (record_id,)).fetchone()
        return None if row is None else self._read(record_id, *row)

    def _read(self, record_id: str, document: str, version: str) -> Record:
        try:
            return read_record(json.loads(document), version)
        except ValueError as error:
            raise LedgerError(
                f"record {record_id} in {self.place} cannot be read: {fault_of_document(error)}; it may be of a newer "
                "mlchaos: recover with that"
            ) from error

    def _contents(self, run: str | None) -> Contents:
        chosen, values = ("", ()) if run is None else ("WHERE run = ?", (run,))
        with self._reading():
            rows = self._connection.execute(
                f"SELECT id, document, version FROM records {chosen} ORDER BY intended_at, id",  # noqa: S608 (constant)
                values,
            ).fetchall()
        records, problems = [], []
        for row in rows:
            try:
                records.append(self._read(*row))
            except LedgerError as error:
                problems.append(str(error))
        return Contents(tuple(records), tuple(problems))

    def _heartbeat(self, run: str) -> Heartbeat | None:
        with self._reading():
            row = self._connection.execute("SELECT run, at, version FROM heartbeats WHERE run = ?", (run,)).fetchone()
        return None if row is None else Heartbeat(*row)

    def _is_dead(self, run: str) -> bool:
        return is_dead(lambda: self._heartbeat(run), self._clock)

    def _take(self, key: str, run: str, over: str) -> str:
        """Take the lock if nobody has it, or the dead run `over`; who has it then."""
        with self._writing():
            row = self._connection.execute("SELECT run FROM locks WHERE key = ?", (key,)).fetchone()
            if row is not None and row[0] != over:
                return str(row[0])
            if row is not None:
                self._refuse_leftovers(key, over)
            self._connection.execute("INSERT OR REPLACE INTO locks VALUES (?, ?)", (key, run))
            return run

    def _refuse_leftovers(self, key: str, dead: str) -> None:
        (left,) = self._connection.execute(
            "SELECT count(*) FROM records WHERE run = ? AND state != 'undone'", (dead,)
        ).fetchone()
        if left:
            raise LockedError(
                f"{key} was left by run {dead}, which died with {left} of its faults not undone; first: chaos recover "
                f"--run {dead}"
            )

    def _halt(self) -> Halt | None:
        row = self._connection.execute("SELECT why, by, at FROM halt").fetchone()
        return None if row is None else Halt(*row)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock, self._told():
            self._check_file()
            yield

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock, self._told():
            self._check_file()
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # what failed has rolled back already
                    self._connection.execute("ROLLBACK")
                raise

    def _check_file(self) -> None:
        if _identity(self._path) != self._file:
            raise LedgerError(f"{self.place} was moved away or deleted while it was in use; put it back")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of SQLite and the file system as errors of the ledger."""
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "") or ""
            if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                raise TransientLedgerError(f"{self.place} is being written by another process: {error}") from error
            raise LedgerError(f"{self.place} cannot be used: {error}{_remedy(name)}") from error
        except OSError as error:
            raise LedgerError(
                f"{self.place} cannot be used: {error}; name a directory that can be written in MLCHAOS_STATE_DIR"
            ) from error


def _remedy(name: str) -> str:
    remedies = {
        "SQLITE_NOTADB": "; it is no ledger: move it away, after a look at what it is",
        "SQLITE_FULL": "; make room on that disk",
        "SQLITE_READONLY": "; it must be writable, or name another directory in MLCHAOS_STATE_DIR",
        "SQLITE_CANTOPEN": "; name a directory that can be written in MLCHAOS_STATE_DIR",
    }
    return next((text for start, text in remedies.items() if name.startswith(start)), "")


def _identity(path: Path) -> tuple[Any, ...]:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return ()
    return (stat.st_dev, stat.st_ino)
