"""Whether a fault may go in now, as far as the SLOs and their alerts say: only what is known to be good lets it in."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clients.prometheus import Known, LabelledValue, Prometheus, PrometheusError, Unknown
from probes.slo_recorded import read_recorded
from probes.slo_watch import SloWatch, Watched
from slos.budget.reasons import judged_from
from slos.budget.status import SloStatus, judge
from slos.model import Slo
from slos.promql.language import PromqlError

logger = logging.getLogger("chaostoolkit")

PATIENCE_SECONDS = 15.0
"""How long what is unknown is asked again: a new target has to be scraped, a new rule evaluated."""
POLL_SECONDS = 0.5
FIRING = 'ALERTS{alertstate="firing",slo!=""}'


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked: budget left (0..1; 0 asks nothing), burn rate over the watched window (below), quiet alerts."""

    budget_left: float
    burn_below: float
    quiet_alerts: bool
    window_seconds: float


@dataclass(frozen=True, slots=True)
class Situation:
    """What Prometheus says of the run's SLOs, at one time."""

    statuses: tuple[SloStatus, ...]
    watched: Watched
    firing: tuple[LabelledValue, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What speaks against it: `refused` for good, `unknown` because it is not known. Neither: the fault may go in."""

    refused: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        return (*self.refused, *self.unknown)


WHAT_TO_DO = (
    "wait until it is calm (`chaos slo status`; good events earn a budget back), or ask for less in `admit` of the "
    "guard's block"
)


class NotAdmittedError(Exception):
    """The SLOs do not let a fault in now, and why."""


class NotRecordedError(NotAdmittedError):
    """Nothing is recorded of an SLO, so that nothing is known of it."""


def admit(prometheus: Prometheus, slos: Sequence[Slo], terms: Terms) -> SloWatch:
    """What watches the SLOs from now on, if they let a fault in.

    What is unknown is asked again for PATIENCE_SECONDS. Raises NotAdmittedError.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    told = False
    while True:
        try:
            watch, situation = _look(prometheus, slos, terms.window_seconds)
        except PromqlError as error:
            raise NotAdmittedError(f"an SLO cannot be watched: {error}") from error
        except PrometheusError as error:
            raise NotAdmittedError(f"the SLOs are unknown: {error}") from error
        answer = judge_admission(situation, terms)
        if not answer.reasons:
            return watch
        if answer.refused or time.monotonic() >= deadline:
            raise NotAdmittedError("; ".join((*answer.reasons, *((WHAT_TO_DO,) if answer.refused else ()))))
        if not told:
            logger.info("Waiting (up to %g s) for what is unknown: %s", PATIENCE_SECONDS, "; ".join(answer.unknown))
            told = True
        time.sleep(POLL_SECONDS)


def look_once(prometheus: Prometheus, slos: Sequence[Slo], terms: Terms) -> Answer:
    """What speaks against a fault at this moment: one look, without the patience of `admit`."""
    try:
        _, situation = _look(prometheus, slos, terms.window_seconds)
    except PromqlError as error:
        return Answer((f"an SLO cannot be watched: {error}",), ())
    except (PrometheusError, NotRecordedError) as error:
        return Answer((), (f"the SLOs are unknown: {error}",))
    except NotAdmittedError as error:
        return Answer((str(error),), ())
    return judge_admission(situation, terms)


def judge_admission(situation: Situation, terms: Terms) -> Answer:
    """Compare the situation with the terms. Pure."""
    refused: list[str] = []
    unknown: list[str] = []
    for status in situation.statuses:
        _judge_budget(status, terms, refused, unknown)
    for slo in situation.watched.slos:
        if isinstance(slo.burn, Unknown):
            unknown.append(slo.burn.reason)
        elif slo.burn.value >= terms.burn_below:
            refused.append(
                f"{slo.name} burned its error budget at {slo.burn.value:.3g} over the last "
                f"{terms.window_seconds:g} s, and admit.burn_below is {terms.burn_below:g}"
            )
    names = {status.name for status in situation.statuses}
    if terms.quiet_alerts:
        refused += _noise(situation.firing, names)
    return Answer(tuple(refused), tuple(unknown))


def time_scale_of(statuses: Sequence[SloStatus]) -> float:
    """The time scale that the rules of all of them are of. Raises NotAdmittedError where there is no one such."""
    unrecorded = [status.name for status in statuses if not status.recorded]
    if unrecorded:
        reasons = next(status.reasons for status in statuses if not status.recorded)
        raise NotRecordedError(f"SLO {', '.join(unrecorded)}: {'; '.join(reasons)}")
    scales = {status.time_scale for status in statuses}
    if len(scales) != 1:
        told = ", ".join(f"{status.name} at {status.time_scale:g}" for status in statuses)
        raise NotAdmittedError(f"the SLOs are recorded with different time scales ({told}): watch those of one")
    return scales.pop()


def _look(prometheus: Prometheus, slos: Sequence[Slo], window_seconds: float) -> tuple[SloWatch, Situation]:
    now = time.time()
    names = [slo.name for slo in slos]
    statuses = judge(read_recorded(prometheus, now, names), names)
    watch = SloWatch(prometheus, slos, time_scale_of(statuses), window_seconds)
    return watch, Situation(statuses, watch.read(now), prometheus.vector(FIRING, now).samples)


def _judge_budget(status: SloStatus, terms: Terms, refused: list[str], unknown: list[str]) -> None:
    if terms.budget_left <= 0:
        return
    if status.budget_left is None:
        unknown.append(f"{status.name}: its error budget is not known ({'; '.join(status.reasons) or 'no events?'})")
    elif status.budget_left < terms.budget_left:
        refused.append(
            f"{status.name} has {100 * status.budget_left:.3g}% of its error budget left, and admit.budget_left is "
            f"{100 * terms.budget_left:g}%{_seen(status)}"
        )


def _seen(status: SloStatus) -> str:
    """That little has been seen, where it is so: in a young lab one fault is most of it."""
    return "" if status.coverage is None else judged_from(status.coverage, status.window)


def _noise(firing: Sequence[LabelledValue], names: set[str]) -> list[str]:
    alerts: Mapping[str, None] = dict.fromkeys(
        f"{one.labels.get('alertname', 'an alert')} ({one.labels.get('slo')})"
        for one in firing
        if one.labels.get("slo") in names
    )
    return [f"alert {alert} is firing, and admit.quiet_alerts is true" for alert in alerts]


def spent(watched: Watched | None) -> dict[str, float]:
    """The share of its error budget that each SLO has spent since the fault, as far as it is known."""
    return {slo.name: slo.spend.value for slo in watched.slos if isinstance(slo.spend, Known)} if watched else {}
