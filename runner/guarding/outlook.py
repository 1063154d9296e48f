"""Whether a run would be let in now: one look at all that its beginning asks. Nothing is written."""

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from actions.fault import RefusedError
from actions.ledger.open import local_path, open_in_cluster, open_in_file, place_here
from actions.ledger.store import Ledger, LedgerError, TransientLedgerError
from actions.ledger.takeover import Clock, is_dead
from clients.prometheus import Prometheus, PrometheusError
from clients.prometheus_alerts import PrometheusAlerts
from runner.allowance.asking import ask
from runner.allowance.month import Allowance
from runner.guarding.admission import WHAT_TO_DO, Answer, look_once
from runner.guarding.opening import halt_told, limits_of, terms_of
from runner.guarding.session import fault_in_the_way
from runner.plan.expected_alerts import unknown_alerts
from runner.plan.model import Admission, Plan

TIMEOUT_SECONDS = 2.0
"""Of each question to Prometheus, which is asked twice: whoever plans waits for it."""


def look(plan: Plan, configuration: Mapping[str, Any]) -> Admission:
    """What would refuse a run of this plan if it began now.

    A ledger that cannot be used refuses it; one that does not answer, and SLOs without data, leave it open.
    """
    ledger, ledger_place = _ask_ledger(plan)
    slos, warnings, prometheus_place = _ask_prometheus(plan, configuration)
    month, allowances, store_place = _ask_store(plan)
    answers = (ledger, slos, month)
    return Admission(
        refused=tuple(reason for one in answers for reason in one.refused),
        unknown=tuple(reason for one in answers for reason in one.unknown),
        asked=tuple(place for place in (ledger_place, prometheus_place, store_place) if place),
        allowances=allowances,
        warnings=warnings,
    )


def _ask_ledger(plan: Plan) -> tuple[Answer, str]:
    try:
        ledger = _ledger()
        if ledger is None:
            return Answer((), ()), f"the local ledger {local_path()}, which is not made yet"
        with closing(ledger):
            return Answer(against(ledger, plan, Clock()), ()), ledger.place
    except TransientLedgerError as error:
        return Answer((), (f"the ledger is unknown: {error}",)), ""
    except LedgerError as error:
        return Answer((str(error),), ()), ""


def _ledger() -> Ledger | None:
    """The ledger that the run would use; None for a local file that is not there, since opening would make it."""
    if place_here() == "kubernetes":
        return open_in_cluster()
    return open_in_file() if local_path().exists() else None


def against(ledger: Ledger, plan: Plan, clock: Clock) -> tuple[str, ...]:
    """What the ledger has against a run: a halt, other runs' locks, or else their faults. Raises LedgerError.

    A heartbeat that looks old is watched for some seconds, as the run itself would.
    """
    halt = ledger.halted()
    halted = () if halt is None else (halt_told(halt),)
    held = _held(ledger, plan.locks, clock)
    in_the_way = "" if held else fault_in_the_way(ledger, plan.faults)
    return (*halted, *held, *((in_the_way,) if in_the_way else ()))


def _held(ledger: Ledger, wanted: Sequence[str], clock: Clock) -> list[str]:
    locks = ledger.locks()
    holders = {key: locks[key] for key in wanted if key in locks}
    dead = {run: _is_dead(ledger, run, clock) for run in dict.fromkeys(holders.values())}
    left: dict[str, int] = {}
    for record in ledger.contents().records if holders else ():
        left[record.run] = left.get(record.run, 0) + (record.state != "undone")
    reasons = []
    for key, run in holders.items():
        if not dead[run]:
            reasons.append(f"{key} is being worked on by run {run}, which lives; wait until it has ended")
        elif left.get(run):
            reasons.append(
                f"{key} was left by run {run}, which died with {left[run]} of its faults not undone; first: chaos "
                f"recover --run {run}"
            )
    return reasons


def _is_dead(ledger: Ledger, run: str, clock: Clock) -> bool:
    return is_dead(lambda: next((beat for beat in ledger.heartbeats() if beat.run == run), None), clock)


def _ask_store(plan: Plan) -> tuple[Answer, tuple[Allowance, ...], str]:
    try:
        limits = limits_of(plan.guard, os.environ)
    except RefusedError as error:
        return Answer((str(error),), ()), (), ""
    told = ask(plan.slos, limits.max_spend)
    unknown = (told.unknown,) if told.unknown else ()
    return Answer(told.refused, unknown), tuple(told.allowances), told.asked


def _ask_prometheus(plan: Plan, configuration: Mapping[str, Any]) -> tuple[Answer, tuple[str, ...], str]:
    """The SLOs, what is to be said of the expected alerts, and who was asked."""
    address = str(configuration.get("prometheus_url") or os.environ.get("PROMETHEUS_URL", ""))
    try:
        prometheus = Prometheus(address, timeout=TIMEOUT_SECONDS)
    except PrometheusError as error:
        return Answer((), (f"the SLOs cannot be watched: {error}",)), (), ""
    with prometheus:
        answer = look_once(prometheus, plan.slos, terms_of(plan.guard))
        warnings = _of_alerts(plan, prometheus)
    if answer.refused:
        answer = Answer((*answer.refused[:-1], f"{answer.refused[-1]}; {WHAT_TO_DO}"), answer.unknown)
    return answer, warnings, prometheus.url


def _of_alerts(plan: Plan, prometheus: Prometheus) -> tuple[str, ...]:
    expected = plan.guard.alerts
    if not expected:
        return ()
    try:
        return tuple(unknown_alerts(expected, PrometheusAlerts(prometheus).rules()))
    except PrometheusError as error:
        return (f"it is not known whether Prometheus has rules for the expected alerts: {error}",)
