"""How a fault comes out: undone, seen to be gone, and written down; by the guard, `chaos recover` or the reaper."""

import logging
import time
from collections.abc import Callable

from tenacity import (
    RetryError,
    Retrying,
    retry_if_exception_type,
    stop_after_delay,
    wait_exponential,
)

from actions.fault import UnknownFaultError, fault_named
from actions.ledger.record import Record, State
from actions.ledger.store import Ledger, LedgerError, StaleRecordError
from actions.systems import Systems

logger = logging.getLogger("chaostoolkit")

BOOKKEEPING_SECONDS = 3.0
"""How long a ledger that does not answer is asked again; the undo itself does not wait for it."""


def undo_record(ledger: Ledger, record: Record, systems: Systems) -> Record:
    """Undo a fault in any state, and give its record as it is then: `undone`, or `stuck` with what a person must know.

    Never raises for a fault that does not come out, nor for a ledger that does not answer: getting the fault out comes
    first, and a record that could not be moved is found and undone once more, which is harmless.
    """
    record = _note(ledger, record, "undoing")
    try:
        fault = fault_named(record.undo.name)
    except UnknownFaultError as error:
        return _note(ledger, record, "stuck", str(error))
    problem = _problem_of(lambda: fault.undo(record, systems), fault.undone_within, "its undo fails")
    if not problem:
        problem = _problem_of(
            lambda: fault.undone(record, systems) or _not_yet(), fault.undone_within, "it cannot be seen to be gone"
        )
    if problem:
        reason = f"{problem}; put {record.target} right by hand, or mend what is named and run: chaos recover"
        logger.error("Fault %s on %s is stuck: %s", record.fault, record.target, reason)
        return _note(ledger, record, "stuck", reason)
    logger.info("Fault %s on %s is undone", record.fault, record.target)
    return _note(ledger, record, "undone")


class _NotYetError(Exception):
    """The undo was sent, and its effect is not there yet."""


def _not_yet() -> bool:
    raise _NotYetError("what was injected is still there")


def _problem_of(step: Callable[[], object], seconds: float, failure: str) -> str:
    """Repeat `step` until it passes; what is wrong when it has not within `seconds`."""
    attempts = Retrying(
        stop=stop_after_delay(seconds),
        wait=wait_exponential(multiplier=0.02, max=0.5),
        retry=retry_if_exception_type(Exception),
    )
    try:
        attempts(step)
    except RetryError as error:
        cause = error.last_attempt.exception()
        return f"{failure} for {seconds:g} s: {cause}"
    return ""


def _note(ledger: Ledger, record: Record, state: State, reason: str = "") -> Record:
    """Move the record, on top of whatever somebody else made of it meanwhile."""
    attempts = Retrying(
        stop=stop_after_delay(BOOKKEEPING_SECONDS),
        wait=wait_exponential(multiplier=0.05, max=0.5),
        retry=retry_if_exception_type(LedgerError),
        reraise=True,
    )
    try:
        moved: Record = attempts(_move, ledger, record, state, reason)
    except LedgerError as error:
        logger.warning("The ledger does not take that %s is %s: %s", record.id, state, error)
        return record.moved(state, time.time(), reason) if state != record.state else record
    return moved


def _move(ledger: Ledger, record: Record, state: State, reason: str) -> Record:
    try:
        return ledger.move(record.moved(state, time.time(), reason))
    except StaleRecordError:
        present = ledger.get(record.id)
        if present is None:
            return record.moved(state, time.time(), reason)
        if state in ("undone", "stuck") and present.state in ("intended", "active", "undone", "stuck"):
            present = ledger.move(present.moved("undoing", time.time()))
        return ledger.move(present.moved(state, time.time(), reason))
