"""How a fault comes out: undone, seen to be gone, and written down; by the guard, `chaos recover` or the reaper.

Several of them may be at it at once, also while the run is still injecting. What they agree on is the ledger: from
`undoing` on, the run cannot make the record `active` any more without being told, and whoever finds that the record was
moved under his hands looks at the fault once more before he calls it undone.
"""

import contextvars
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tenacity import (
    RetryCallState,
    RetryError,
    Retrying,
    retry_if_exception_type,
    retry_if_not_exception_type,
    stop_after_delay,
    stop_any,
    wait_exponential,
)  # fmt: skip
from tenacity.stop import stop_base

from actions.fault import Fault, UnknownFaultError, fault_named
from actions.ledger.record import Record, State
from actions.ledger.store import Ledger, LedgerError, StaleRecordError, TransientLedgerError
from actions.systems import Systems
from clients.permanent import PermanentError

logger = logging.getLogger("chaostoolkit")

BOOKKEEPING_SECONDS = 3.0
"""How long a ledger that does not answer is asked again; the undo itself does not wait for it."""
AGAIN_SECONDS = 10.0
"""An undo whose effect does not show is sent again after that: what was injected may have landed after it."""
PERMANENT_SECONDS = 3.0
"""How long an undo is repeated that no repetition helps, as far as one can tell."""
ROUNDS = 5
"""How often a fault is looked at again because somebody else moved its record meanwhile."""


def undo_record(ledger: Ledger, record: Record, systems: Systems) -> Record:
    """Undo a fault in any state, and give its record as it is then: `undone`, or `stuck` with what a person must know.

    Never raises for a fault that does not come out, nor for a ledger that does not answer: getting the fault out comes
    first, and a record that could not be moved is found and undone once more, which is harmless.
    """
    for _ in range(ROUNDS):
        noting = _Noting(ledger, record)
        problem = _take_out(record, systems)
        noted = noting.result()
        if problem:
            logger.error("Fault %s on %s is stuck: %s", record.fault, record.target, problem)
        else:
            logger.info("Fault %s on %s is undone", record.fault, record.target)
        settled = _settle(ledger, noted, "stuck" if problem else "undone", problem)
        if settled.state in ("undone", "stuck"):
            return settled
        logger.info("Fault %s on %s was moved by somebody else meanwhile: once more", record.fault, record.target)
        record = settled
    return record


class _Noting:
    """Writes `undoing` down beside the undo, which must not wait for a ledger that hangs."""

    def __init__(self, ledger: Ledger, record: Record) -> None:
        self._ledger = ledger
        self._noted = record
        # With the context: what is logged there belongs to the same run.
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._note,), name="ledger-undoing", daemon=True)
        self._thread.start()

    def result(self) -> Record:
        """The record as it is in the ledger, or as it was given where that did not answer."""
        self._thread.join()
        return self._noted

    def _note(self) -> None:
        try:
            self._noted = _patiently(lambda: _undoing(self._ledger, self._noted))
        except LedgerError as error:
            logger.warning("The ledger does not take that %s is being undone: %s", self._noted.id, error)


def _undoing(ledger: Ledger, record: Record) -> Record:
    """The record as `undoing` in the ledger, whatever others have made of it; put there again if it is gone."""
    present = record
    while present.state != "undoing":
        try:
            return ledger.move(present.moved("undoing", time.time()))
        except StaleRecordError:
            found = ledger.get(record.id)
        if found is None:
            return ledger.add(replace(record, state="undoing", changed_at=time.time(), version=""))
        present = found
    return present  # nobody writes it again: two who undo would only get in each other's way


def _settle(ledger: Ledger, noted: Record, state: State, reason: str) -> Record:
    """Write the outcome down. A record in another state than asked for: what it became in other hands meanwhile."""
    try:
        return _patiently(lambda: _settled(ledger, noted, state, reason))
    except LedgerError as error:
        logger.warning("The ledger does not take that %s is %s: %s", noted.id, state, error)
        return replace(noted, state=state, changed_at=time.time(), reason=reason)


def _settled(ledger: Ledger, noted: Record, state: State, reason: str) -> Record:
    try:
        if noted.state != "undoing":
            noted = ledger.move(noted.moved("undoing", time.time()))
        return ledger.move(noted.moved(state, time.time(), reason))
    except StaleRecordError:
        present = ledger.get(noted.id)
    if present is None and state == "undone":
        return replace(noted, state=state, changed_at=time.time())
    if present is None:
        return ledger.add(replace(noted, state=state, changed_at=time.time(), reason=reason, version=""))
    if present.state in (state, "undoing"):
        return present
    # Moved on by a run that injected meanwhile, or seen otherwise by somebody else: it has to be looked at once more.
    return ledger.move(present.moved("undoing", time.time()))


def _take_out(record: Record, systems: Systems) -> str:
    """Undo until nothing of the fault is left; what is wrong and what to do if that does not come about."""
    try:
        fault = fault_named(record.undo.name)
    except UnknownFaultError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 (whatever keeps a family from loading is told with the record)
        return f"its family cannot be loaded: {error}"
    if problem := _elsewhere(record, fault, systems):
        return problem
    attempt = _Attempt(fault, record, systems)
    problem = _problem_of(attempt.once, 2 * fault.undone_within)
    remedy = f"put {record.target} right by hand, or mend what is named, and run: chaos recover"
    return f"{attempt.failing}: {problem}; {remedy}" if problem else ""


def _elsewhere(record: Record, fault: Fault[Any], systems: Systems) -> str:
    """A target that is not found in the wrong cluster must not count as one that is gone."""
    if not record.cluster or "kubernetes" not in fault.needs:
        return ""
    try:
        here = systems.kube.server
    except Exception as error:  # noqa: BLE001 (told with the record)
        return f"{record.target} is in {record.cluster}: {error}"
    if here == record.cluster:
        return ""
    return (
        f"{record.target} is in {record.cluster}, and KUBECONFIG leads to {here}; point KUBECONFIG there and run: "
        "chaos recover"
    )


class _Attempt:
    """The undo, and a look whether it has worked; remembers which of the two does not go through."""

    def __init__(self, fault: Fault[Any], record: Record, systems: Systems) -> None:
        self._fault = fault
        self._record = record
        self._systems = systems
        self.failing = ""

    def once(self) -> None:
        self.failing = "its undo fails"
        self._fault.undo(self._record, self._systems)
        self.failing = "it cannot be seen to be gone"
        waiting = Retrying(
            stop=stop_after_delay(min(AGAIN_SECONDS, self._fault.undone_within)),
            wait=wait_exponential(multiplier=0.02, max=0.5),
            retry=retry_if_not_exception_type(PermanentError),
            reraise=True,
        )
        waiting(self._look)

    def _look(self) -> None:
        if not self._fault.undone(self._record, self._systems):
            raise _NotYetError("what was injected is still there")


class _NotYetError(Exception):
    """The undo was sent, and its effect is not there yet."""


def _problem_of(step: Callable[[], object], seconds: float) -> str:
    """Repeat `step` until it passes; what is wrong when it has not within `seconds`, or when no repetition helps."""
    began = time.monotonic()
    attempts = Retrying(
        stop=stop_any(stop_after_delay(seconds), _Permanent()),
        wait=wait_exponential(multiplier=0.02, max=0.5),
        retry=retry_if_exception_type(Exception),
    )
    try:
        attempts(step)
    except RetryError as error:
        return f"{error.last_attempt.exception()} (tried for {time.monotonic() - began:.1f} s)"
    return ""


class _Permanent(stop_base):
    """Stops when nothing but a PermanentError has come for a while: rights may have been given a moment ago."""

    def __init__(self) -> None:
        self._since: float | None = None

    def __call__(self, retry_state: RetryCallState) -> bool:
        error = retry_state.outcome.exception() if retry_state.outcome is not None else None
        if not isinstance(error, PermanentError):
            self._since = None
            return False
        if self._since is None:
            self._since = time.monotonic()
        return time.monotonic() - self._since >= PERMANENT_SECONDS


def _patiently(write: Callable[[], Record]) -> Record:
    attempts = Retrying(
        stop=stop_after_delay(BOOKKEEPING_SECONDS),
        wait=wait_exponential(multiplier=0.05, max=0.5),
        retry=retry_if_exception_type((TransientLedgerError, StaleRecordError)),
        reraise=True,
    )
    written: Record = attempts(write)
    return written
