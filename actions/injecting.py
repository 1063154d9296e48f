"""How a planned fault goes in: its undo written down first, its effect checked, and out again where that fails."""

import logging
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from tenacity import RetryError, Retrying, retry_if_exception_type, retry_if_result, stop_after_delay, wait_exponential

from actions.fault import Fault, Injection, RefusedError, Target, fault_named
from actions.ledger.record import Record, Undo
from actions.ledger.store import TransientLedgerError
from actions.planned import PlannedFault
from actions.run_context import Injected, Run, StoppedError, require_run
from actions.undoing import undo_record
from clients.permanent import PermanentError

logger = logging.getLogger("chaostoolkit")

LEDGER_PATIENCE_SECONDS = 5.0
"""How long a ledger that does not answer is asked again before the fault is given up."""


class NotInEffectError(Exception):
    """The fault was injected and cannot be seen: it proves nothing."""


def inject_planned(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Inject the fault `name` into the targets that the open run's plan picked for it; what was done is returned.

    Raises NoOpenRunError, RefusedError, StoppedError, NotInEffectError, or what a client raised; by then the undo of
    what may have gone in has been tried, and the ledger has what is left of it.
    """
    run = require_run(f"actions.{name}")
    if run.dry:
        raise RefusedError("this is a dry run, so nothing is broken")
    fault = fault_named(name)
    try:
        parsed = fault.arguments.model_validate(dict(arguments))
    except ValidationError as error:
        raise RefusedError(f"{name}: {_problems_of(error)}") from None
    planned = run.take(name, parsed.model_dump(mode="json"))
    done = [_hit(run, fault, planned, target, parsed) for target in planned.draft.targets]
    return {"fault": name, "run": run.id, "targets": [_told(injected) for injected in done]}


def _problems_of(error: ValidationError) -> str:
    """What is wrong, without the values: what stands in the wrong place may be a secret."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found)


def _hit(run: Run, fault: Fault[Any], planned: PlannedFault, target: Target, arguments: Any) -> Injected:
    with run.injection():
        undo = fault.undo_arguments(target, arguments, run.systems)
        now = time.time()
        record = Record(
            id=f"mlchaos-{run.id.lower()}-{secrets.token_hex(4)}",
            run=run.id,
            fault=planned.fault,
            target=target,
            undo=Undo(planned.fault, undo),
            intended_at=now,
            expires_at=run.expires_at,
            changed_at=now,
        )
        record = _write(run.ledger.add, record)
        injected = Injected(record, planned.activity, now)
        run.injected.append(injected)
        try:
            _inject(run, fault, injected, Injection(run.id, record.id, target, arguments, undo, run.expires_at))
        except BaseException as error:
            # Also for the exceptions that a signal raises here: the guard undoes too, but maybe too early.
            injected.problem = str(error) or type(error).__name__
            injected.undone_at = _take_out(run, injected)
            raise
        return injected


def _inject(run: Run, fault: Fault[Any], injected: Injected, injection: Injection[Any]) -> None:
    run.still_allows()
    injected.perhaps_in_flight = True
    try:
        fault.inject(injection, run.systems)
    except RefusedError:
        injected.perhaps_in_flight = False
        raise
    injected.perhaps_in_flight = False
    injected.sent_at = time.time()
    _await_effect(run, fault, injection)
    injected.effective_at = time.time()
    injected.injection = injection
    if run.stopping:  # before the ledger is told, which may take its time
        raise StoppedError(f"taken out again: {run.stop_reason}")
    injected.record = _write(run.ledger.move, injected.record.moved("active", injected.effective_at))
    logger.info("Fault %s is in effect on %s", injected.record.fault, injected.record.target)
    if run.stopping:
        raise StoppedError(f"taken out again: {run.stop_reason}")


def _await_effect(run: Run, fault: Fault[Any], injection: Injection[Any]) -> None:
    problems: list[Exception] = []

    def seen() -> bool:
        if run.stopping:
            return True
        try:
            return fault.in_effect(injection, run.systems)
        except (RefusedError, PermanentError):
            raise
        except Exception as error:  # noqa: BLE001 (what is being broken may answer anything; it is asked again)
            problems.append(error)
            return False

    waiting = Retrying(
        stop=stop_after_delay(fault.effect_within),
        wait=wait_exponential(multiplier=0.02, max=0.25),
        retry=retry_if_result(lambda there: not there),
    )
    try:
        waiting(seen)
    except RetryError as error:
        why = f" ({problems[-1]})" if problems else ""
        raise NotInEffectError(
            f"{injection.target} shows no effect within {fault.effect_within:g} s{why}, so nothing would be proven; it "
            "is taken out again"
        ) from error


def _take_out(run: Run, injected: Injected) -> float | None:
    injected.record = undo_record(run.ledger, injected.record, run.systems)
    return time.time() if injected.record.state == "undone" else None


def _write(write: Any, record: Record) -> Record:
    attempts = Retrying(
        stop=stop_after_delay(LEDGER_PATIENCE_SECONDS),
        wait=wait_exponential(multiplier=0.05, max=0.5),
        retry=retry_if_exception_type(TransientLedgerError),
        reraise=True,
    )
    written: Record = attempts(write, record)
    return written


def _told(injected: Injected) -> dict[str, Any]:
    """What the journal keeps of a fault."""
    target = injected.record.target
    return {
        "record": injected.record.id,
        "kind": target.kind,
        "namespace": target.namespace,
        "name": target.name,
        "uid": target.uid,
        "details": dict(target.details),
        "intended_at": injected.intended_at,
        "effective_at": injected.effective_at,
        "time": datetime.fromtimestamp(injected.intended_at, UTC).isoformat(),
    }
