"""One fault on one target in the ledger, and the states that it may go through. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import JsonValue, TypeAdapter, ValidationError

from actions.fault import Target

State = Literal["intended", "active", "undoing", "undone", "stuck"]

ALLOWED: Mapping[State, tuple[State, ...]] = {
    "intended": ("active", "undoing"),
    "active": ("undoing",),
    "undoing": ("undone", "stuck"),
    "stuck": ("undoing",),
    "undone": ("undoing",),
}
"""Where a record may go from each state; the same state again is always allowed (somebody repeats himself).

`intended` is undone too: the crash may have come right after the injection. `undone` goes back to `undoing` when a
request that was in flight landed after the undo. Only an undone record may be removed.
"""

HEARTBEAT_SECONDS = 1.0
"""How often a run says that it lives."""
DEAD_AFTER_SECONDS = 5.0
"""How old the last word of a run may be; after that, whoever comes by undoes its faults."""
VERIFY_AGAIN_SECONDS = 30.0
"""How long after its undo a dead run's fault is looked at once more: its last request may have been in flight."""


class TransitionError(Exception):
    """A record cannot go from its state to that one."""


@dataclass(frozen=True, slots=True)
class Undo:
    """How to put it back, as data: the name of a registered fault, and the arguments of its undo. Never a secret."""

    name: str
    args: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Record:
    """A fault on one target. Times are in seconds since the epoch; `id` is a DNS label, unique in the ledger.

    `version` is the store's own, for compare-and-swap: whoever moves a record says which version he has seen.
    `cluster` is the API that the target is in, where the ledger itself is not kept there; undoing asks no other one.
    """

    id: str
    run: str
    fault: str
    target: Target
    undo: Undo
    intended_at: float
    expires_at: float
    state: State = "intended"
    changed_at: float = 0.0
    reason: str = ""
    cluster: str = ""
    version: str = ""

    def moved(self, state: State, at: float, reason: str = "") -> "Record":
        """This record in another state. Raises TransitionError."""
        if state != self.state and state not in ALLOWED[self.state]:
            raise TransitionError(f"record {self.id} is {self.state} and cannot become {state}")
        return replace(self, state=state, changed_at=at, reason=reason)

    def document(self) -> dict[str, Any]:
        """As JSON, without the store's version."""
        document: dict[str, Any] = _RECORD.dump_python(self, mode="json", exclude={"version"})
        return document


_RECORD: TypeAdapter[Record] = TypeAdapter(Record)


def read_record(document: object, version: str) -> Record:
    """The record that a store holds. Raises pydantic.ValidationError for what is none."""
    return replace(_RECORD.validate_python(document), version=version)


def fault_of_document(error: Exception) -> str:
    """Why a stored document is no record, without quoting what is in it."""
    if isinstance(error, ValidationError):
        problems = error.errors(include_input=False, include_url=False, include_context=False)
        return "; ".join(f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in problems[:3])
    if isinstance(error, KeyError):
        return f"{error} is missing"
    return str(error)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The last sign of life of a run: when, by the clock of its machine. `version` changes with every beat."""

    run: str
    at: float
    version: str


@dataclass(frozen=True, slots=True)
class Halt:
    """Why nothing may be broken now, who said so, and when (seconds since the epoch)."""

    why: str
    by: str
    at: float
