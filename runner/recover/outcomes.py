"""What recovery has done to one record. Pure."""

from dataclasses import dataclass
from typing import Literal

from actions.ledger.record import Record

Result = Literal["undone", "removed", "stuck", "elsewhere", "failed"]
"""Taken out; seen to be gone once more and forgotten; needs a person; somebody else did it; could not be looked at."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a record, why it was touched, and what a person must know."""

    ledger: str
    record: Record
    result: Result
    why: str
    problem: str = ""
