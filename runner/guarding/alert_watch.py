"""The alert path of one run: for how long its faults stay in, how long its end is waited for, and what was seen."""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from actions.fault import RefusedError
from actions.run_context import Run
from clients.alertmanager import ALERTMANAGER_VARIABLE
from clients.json_http import HttpError
from clients.pages import PAGES_VARIABLE
from clients.prometheus import PrometheusError
from clients.prometheus_alerts import PrometheusAlerts
from runner.alerting.expectation import AmbiguousError, Expectation, expectations, of_one_slo
from runner.alerting.following import AlertFollower
from runner.alerting.look import Unseen
from runner.alerting.looking import Eyes, open_eyes, seen
from runner.alerting.stages import FaultTimes
from runner.alerting.timeline import AlertPath
from runner.experiment.slo_names import find_slos
from runner.guarding.recovery import Recovery
from runner.guarding.stops import Stop
from runner.plan.expected_alerts import unknown_alerts
from runner.plan.model import Plan
from slos.model import Slo

logger = logging.getLogger("chaostoolkit")

MARGIN_SECONDS = 2.0
"""So much before the end of blast_radius.duration the faults come out: what was waited for is no reason to abort."""


class AlertWatch:
    """Called by the session, in the main thread. `expected` is how many alerts are."""

    def __init__(self, follower: AlertFollower, run: Run, expected: int) -> None:
        self.expected = expected
        self._follower = follower
        self._run = run
        self._held_until: float | None = None
        self._recovered_at: float | None = None

    def start(self) -> None:
        self._follower.start()

    def hold(self, expires_at: float) -> None:
        """Keep the faults in for as long as an alert needs them; return at once when the run is stopped."""
        times = self._times()
        if times is not None:
            self._follower.hold(times, expires_at - MARGIN_SECONDS, self._run.wait_for_stop)

    def released(self) -> None:
        """The faults come out now."""
        self._held_until = self._held_until or time.time()

    def wait_for_end(self, undone_at: float, recovery: Recovery, cut_short: Callable[[], bool]) -> None:
        """Wait until the alerts are over, and their receivers were told so."""
        self._recovered_at = undone_at + (recovery.seconds or 0.0)
        times = self._times()

        def wait(seconds: float) -> bool:
            if not cut_short():
                time.sleep(seconds)
            return cut_short()

        if times is not None:
            self._follower.wait_for_end(times, wait)

    def conclude(self, stop: Stop | None) -> AlertPath:
        """What became of every alert. Ends the thread that follows them; never raises."""
        times = self._times(stop.reason if stop is not None else "")
        return self._follower.conclude(times and replace(times, watched_until=time.time()))

    def _times(self, stop_reason: str = "") -> FaultTimes | None:
        """None where no fault went in."""
        injected = self._run.injected
        effective = [one.effective_at or one.sent_at for one in injected]
        known = [at for at in effective if at is not None]
        if not known:
            return None
        intended_at = min(one.intended_at for one in injected)
        return FaultTimes(intended_at, min(known), self._held_until, self._recovered_at, stop_reason)


def open_alert_watch(
    plan: Plan,
    run: Run,
    prometheus_url: str,
    configuration: Mapping[str, Any],
    note: Callable[[AlertPath], None],
    on_refusal: ExitStack,
) -> AlertWatch:
    """What follows the alerts of the guard's block. Raises RefusedError."""
    block = plan.guard
    try:
        eyes = open_eyes(prometheus_url, configuration)
    except (HttpError, PrometheusError) as error:
        raise RefusedError(f"the alerts cannot be followed: {error}") from error
    on_refusal.callback(eyes.close)
    _refuse_blindness(eyes)
    expected = _of_our_slos(expectations(block.alerts), eyes, plan)
    follower = AlertFollower(expected, block.unexpected_pages == "forbid", eyes, _finder(plan), note)
    if firing := follower.firing_already():
        raise RefusedError(
            f"{', '.join(firing)} is pending or firing already, so that it would prove nothing; wait until it is over"
        )
    return AlertWatch(follower, run, len(expected))


def _of_our_slos(expected: tuple[Expectation, ...], eyes: Eyes, plan: Plan) -> tuple[Expectation, ...]:
    """Each expected alert with its SLO. Raises RefusedError."""
    rules = seen(PrometheusAlerts(eyes.prometheus).rules) if expected else ()
    if isinstance(rules, Unseen):
        raise RefusedError(f"it is not known of which SLOs the expected alerts are: {rules.reason}")
    for warning in unknown_alerts(plan.guard.alerts, rules):
        logger.warning("%s", warning)
    find = _finder(plan)
    try:
        return of_one_slo(expected, rules, [slo.name for slo in plan.slos], lambda slo: find(slo) is not None)
    except AmbiguousError as error:
        raise RefusedError(str(error)) from error


def _refuse_blindness(eyes: Eyes) -> None:
    if eyes.evidence == "none":
        raise RefusedError(
            "the guard's block says what becomes of alerts, and nobody can be asked about notifications: set "
            f"{PAGES_VARIABLE} (`chaos alerts sink`) or {ALERTMANAGER_VARIABLE}; in the lab: "
            'eval "$(chaos lab env)"'
        )


def _finder(plan: Plan) -> Callable[[str], Slo | None]:
    """The SLOs of the run, and after them those of the catalogue: an alert may be of one that is not watched."""
    own = {slo.name: slo for slo in plan.slos}

    def find(name: str) -> Slo | None:
        return own.get(name) or next(iter(find_slos((name,)).slos), None)

    return find
