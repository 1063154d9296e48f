"""What a ledger can do, wherever it keeps its records."""

from dataclasses import dataclass
from typing import Protocol

from actions.ledger.record import Halt, Heartbeat, Record


class LedgerError(Exception):
    """The ledger could not be used: where, why, what to do. Without it nothing may be broken."""


class TransientLedgerError(LedgerError):
    """It did not answer, or could not: the same call may succeed later."""


class StaleRecordError(LedgerError):
    """Somebody else has moved or removed the record since it was read: read it again."""


class LockedError(LedgerError):
    """Another run that lives holds the lock."""


class GivenUpError(LedgerError):
    """The run was silent for so long that others have undone its faults and ended it: it must not go on."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a ledger holds: the records, oldest first, and for each that cannot be read what is wrong with it."""

    records: tuple[Record, ...]
    problems: tuple[str, ...] = ()


class Ledger(Protocol):
    """Records, heartbeats, locks and the halt switch. What a call that returns has written outlives this process.

    A call may be used from several threads. Every call raises LedgerError, TransientLedgerError where a repetition may
    help; a write whose answer was lost may have been done, and repeating it is safe.
    """

    place: str
    """Where it is, in words that a person can act on; `kubernetes` or `local` is said in them."""

    def add(self, record: Record) -> Record:
        """Write a new record down. Adding the very same one again is quiet."""

    def move(self, record: Record) -> Record:
        """Replace what is stored under the record's id, if it still has `record.version`. Raises StaleRecordError."""

    def remove(self, record: Record) -> None:
        """Forget an undone record. One that is gone is quiet; one that is not undone is a LedgerError."""

    def get(self, record_id: str) -> Record | None:
        """The record as it is now."""

    def records(self, run: str | None = None) -> list[Record]:
        """All records, or those of a run, oldest first. One that cannot be read is a LedgerError that names it."""

    def contents(self) -> Contents:
        """All records that can be read, beside those that cannot: one bad record must not keep others in effect."""

    def beat(self, run: str, at: float) -> None:
        """Say that the run lives. The first beat comes before its first record.

        GivenUpError from the second beat on, when the run was taken for dead meanwhile and has been ended.
        """

    def heartbeats(self) -> list[Heartbeat]:
        """The last sign of life of each run that has not ended."""

    def lock(self, key: str, run: str) -> None:
        """Keep everybody else from `key` until the run ends or dies. Raises LockedError, with the other run's id.

        The lock of a run that is dead is taken over, unless that has left faults that are not undone. A heartbeat that
        looks old is watched for some seconds before its run counts as dead: the clocks of two machines may differ.
        """

    def locks(self) -> dict[str, str]:
        """Which run holds each lock, dead ones too."""

    def end(self, run: str) -> None:
        """Take back the heartbeat and the locks of a run; LedgerError while it still has records."""

    def halt(self, halt: Halt) -> None:
        """Stop every run that uses this ledger, and refuse new ones."""

    def resume(self) -> Halt | None:
        """Lift the halt; what was lifted."""

    def halted(self) -> Halt | None:
        """The halt in force, if any."""

    def close(self) -> None:
        """Let go of connections."""
