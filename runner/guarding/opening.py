"""How a run begins: checked, planned, admitted and locked, before anything is touched; or refused, and why."""

import logging
import os
import secrets as randomness
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from actions.fault import RefusedError
from actions.ledger.open import open_ledger
from actions.ledger.record import Halt
from actions.ledger.store import Ledger, LedgerError
from actions.run_context import Run
from actions.systems import Systems
from clients.kube_errors import KubeError
from clients.prometheus import Prometheus, PrometheusError
from runner.allowance.asking import ask
from runner.experiment.check import check_document
from runner.experiment.guard_block import GuardBlock
from runner.guarding.admission import NotAdmittedError, Terms, admit
from runner.guarding.heartbeat import Heartbeat
from runner.guarding.noting import NotedLedger, Notes
from runner.guarding.session import Session, Times, refuse_other_faults
from runner.guarding.shared_budget import MAX_SPEND_VARIABLE, SharedBudgetError, shared_limit
from runner.guarding.stops import Limits, Stop
from runner.plan.digest import SEED_BITS, VARIABLE, Token, TokenError, read_token
from runner.plan.make import make_plan
from runner.plan.model import Plan
from runner.runs.spool import Spool

if TYPE_CHECKING:
    from runner.guarding.alert_watch import AlertWatch

logger = logging.getLogger("chaostoolkit")


def plan_run(
    experiment: Mapping[str, Any], configuration: Mapping[str, Any], secrets: Mapping[str, Any], systems: Systems
) -> Plan:
    """What this run would do, if that is allowed and what MLCHAOS_PLAN asks for. Nothing is written.

    Raises RefusedError.
    """
    problems = [problem for problem in check_document(experiment, configuration) if problem.level == "error"]
    if problems:
        raise RefusedError("; ".join(str(problem) for problem in problems))
    token = _token()
    seed = randomness.randbits(SEED_BITS) if token is None else token.seed
    try:
        plan = make_plan(experiment, configuration, secrets, systems, seed)
    except KubeError as error:
        raise RefusedError(f"nothing could be planned: {error}") from error
    if not plan.allowed:
        raise RefusedError("; ".join(str(violation) for violation in plan.violations))
    if token is not None and plan.digest != token.digest:
        raise RefusedError(
            f"the world has changed since {VARIABLE}={token} was planned (this would be {plan.token}): look at a new "
            "`chaos plan`"
        )
    for warning in plan.warnings:
        logger.warning("%s", warning)
    return plan


def open_session(run_id: str, plan: Plan, configuration: Mapping[str, Any], systems: Systems, spool: Spool) -> Session:
    """A session that watches, holds its locks, and has nothing injected yet. What happens in it goes into the spool.

    Raises RefusedError; then no thread, lock or connection is left of it.
    """
    block = plan.guard
    with ExitStack() as on_refusal:
        prometheus, ledger = _open(configuration, systems, on_refusal)
        _refuse_when_halted(ledger)
        limits = limits_of(block, os.environ)
        _refuse_beyond_allowance(plan, limits, run_id)
        try:
            watch = admit(prometheus, plan.slos, terms_of(block))
        except NotAdmittedError as error:
            raise RefusedError(str(error)) from error
        notes = Notes(spool)
        run = Run(run_id, plan.faults, NotedLedger(ledger, notes), systems)
        times = Times(block.blast_radius.duration_seconds, block.recover_within_seconds)
        alerts = _alert_watch(plan, run, configuration, notes, on_refusal)
        session = Session(run, times, limits, prometheus, watch, _heartbeat(ledger, run_id), notes, alerts)
        on_refusal.pop_all()
    try:
        _occupy(session, ledger, plan)
    except BaseException:  # a signal's, too: Chaos Toolkit's handlers are still in place
        session.close()
        session.restore_signals()
        raise
    return session


def _open(configuration: Mapping[str, Any], systems: Systems, on_refusal: ExitStack) -> tuple[Prometheus, Ledger]:
    try:
        prometheus = Prometheus(_prometheus_url(configuration))
    except PrometheusError as error:
        raise RefusedError(f"the SLOs cannot be watched: {error}") from error
    on_refusal.callback(prometheus.close)
    try:
        ledger = open_ledger(systems)
    except LedgerError as error:
        raise RefusedError(f"no undo could be written down: {error}") from error
    on_refusal.callback(ledger.close)
    return prometheus, ledger


def _alert_watch(
    plan: Plan, run: Run, configuration: Mapping[str, Any], notes: Notes, on_refusal: ExitStack
) -> "AlertWatch | None":
    """What follows the alerts of the guard's block; None, and nothing of it is imported, where it names none."""
    if not plan.guard.alerts and plan.guard.unexpected_pages == "allow":
        return None
    from runner.guarding.alert_watch import open_alert_watch

    return open_alert_watch(plan, run, _prometheus_url(configuration), configuration, notes.alerts, on_refusal)


def _prometheus_url(configuration: Mapping[str, Any]) -> str:
    return str(configuration.get("prometheus_url") or os.environ.get("PROMETHEUS_URL", ""))


def _heartbeat(ledger: Ledger, run_id: str) -> Callable[[Callable[[Stop], None]], Heartbeat]:
    return lambda stop: Heartbeat(ledger, run_id, stop)


def _occupy(session: Session, ledger: Ledger, plan: Plan) -> None:
    """Begin to live, and keep other runs from the targets. Halted once more: this run may have been overlooked."""
    try:
        session.start()
        for lock in plan.locks:
            ledger.lock(lock, session.run.id)
        if reason := refuse_other_faults(ledger, session.run):
            raise RefusedError(reason)
        _refuse_when_halted(ledger)
    except LedgerError as error:
        raise RefusedError(str(error)) from error


def _refuse_beyond_allowance(plan: Plan, limits: Limits, run_id: str) -> None:
    """Chaos runs may have an allowance for the month; where it cannot be told what is left of it, there is none."""
    told = ask(plan.slos, limits.max_spend, run_id)
    if reasons := [*told.refused, *([told.unknown] if told.unknown else [])]:
        raise RefusedError("; ".join(reasons))


def _refuse_when_halted(ledger: Ledger) -> None:
    try:
        halt = ledger.halted()
    except LedgerError as error:
        raise RefusedError(f"no undo could be written down: {error}") from error
    if halt is not None:
        raise RefusedError(halt_told(halt))


def terms_of(block: GuardBlock) -> Terms:
    """What the guard's block asks of the SLOs before a fault goes in."""
    admit = block.admit
    return Terms(admit.budget_left_ratio, admit.burn_below, admit.quiet_alerts, block.abort_when.window_seconds)


def limits_of(block: GuardBlock, environment: Mapping[str, str]) -> Limits:
    """What ends the run: what its experiment declares, or less where it shares an error budget with other runs.

    Raises RefusedError.
    """
    abort, declared = block.abort_when, block.blast_radius.error_budget.max_spend_ratio
    try:
        shared = shared_limit(environment)
    except SharedBudgetError as error:
        raise RefusedError(str(error)) from error
    if shared is None or shared >= declared:
        return Limits(abort.burn_rate, abort.window_seconds, declared)
    left = f"what is left of the set's budget ({MAX_SPEND_VARIABLE})"
    return Limits(abort.burn_rate, abort.window_seconds, shared, left)


def halt_told(halt: Halt) -> str:
    """Who has halted all runs, since when and why, and what lifts it."""
    since = datetime.fromtimestamp(halt.at, UTC)
    return (
        f"all runs are halted by {halt.by} since {since:%Y-%m-%d %H:%M:%S} UTC ({halt.why}); lift it with: chaos resume"
    )


def _token() -> Token | None:
    text = os.environ.get(VARIABLE, "")
    try:
        return read_token(text) if text else None
    except TokenError as error:
        raise RefusedError(str(error)) from error
