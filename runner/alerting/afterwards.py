"""What is asked of Prometheus and Alertmanager about an expected alert when it is over."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set

from clients.alertmanager import Alertmanager
from clients.prometheus import Prometheus, PrometheusError, Series
from clients.prometheus_alerts import PrometheusAlerts, RuleOfAlert
from runner.alerting.absence import absent_crossing, absent_prediction
from runner.alerting.expectation import Expectation
from runner.alerting.look import Afterwards, Crossing, Episode, Prediction, Unseen
from runner.alerting.looking import Eyes, seen
from runner.alerting.measuring import burning, evaluations, measure_crossing, measure_prediction
from runner.alerting.sightings import Key, Received, Sightings
from runner.alerting.stages import FaultTimes
from slos.model import Slo
from slos.promql.selectors import quoted
from slos.rules.literals import series as selector
from slos.rules.names import INFO

FindSlo = Callable[[str], Slo | None]
"""The declaration of an SLO by its name; None where nobody has it."""
INTERVALS_BEYOND = 3
"""As many evaluations after the alert are looked at, so that one that comes late is seen to be late."""
USUAL_INTERVAL_SECONDS = 60.0


def ask_afterwards(
    expectation: Expectation, eyes: Eyes, sightings: Sightings, times: FaultTimes, find_slo: FindSlo
) -> Afterwards:
    """All of it; what could not be asked is unknown."""
    now = time.time()
    every = seen(PrometheusAlerts(eyes.prometheus).rules)
    rules = every if isinstance(every, Unseen) else tuple(rule for rule in every if expectation.is_of(rule))
    interval = _interval(rules)
    still_active = {frozenset(one.labels.items()) for one in sightings.of(expectation) if one.gone_at is None}
    episodes = seen(lambda: _episodes(eyes.prometheus, expectation, times.intended_at, now, interval, still_active))
    try:
        slo_name = _slo_of(eyes.prometheus, expectation, rules, episodes, now)
        crossing, prediction = _measured(
            eyes.prometheus, expectation, find_slo(slo_name) if slo_name else None, rules, episodes, times, now
        )
    except PrometheusError as error:
        slo_name = ""
        crossing, prediction = Crossing(None, str(error), known=False), Prediction(None, str(error))
    received = sightings.received_of(expectation, times.intended_at)
    return Afterwards(rules, episodes, crossing, prediction, slo_name, _silences(eyes.alertmanager, received))


def recorded_episodes(found: Iterable[Series], interval: float, still_active: Set[Key]) -> tuple[Episode, ...]:
    """Alerts from the samples of ALERTS: one sample for each evaluation at which it was pending or firing."""
    grouped: dict[Key, dict[str, Series]] = {}
    for one in found:
        labels = {name: value for name, value in one.labels.items() if name not in ("__name__", "alertstate")}
        if one.samples:
            grouped.setdefault(frozenset(labels.items()), {})[one.labels.get("alertstate", "")] = one
    episodes: list[Episode] = []
    for key, states in grouped.items():
        firing = states.get("firing")
        first = min(series.samples[0].at for series in states.values())
        last = max(series.samples[-1].at for series in states.values())
        gone_at = None if key in still_active else last + interval
        episodes.append(Episode(dict(key), first, firing.samples[0].at if firing else None, gone_at))
    return tuple(episodes)


def _episodes(
    prometheus: Prometheus,
    expectation: Expectation,
    start: float,
    end: float,
    interval: float,
    still_active: Set[Key],
) -> tuple[Episode, ...]:
    own = {"slo": expectation.slo} if expectation.slo is not None else {}
    query = selector("ALERTS", alertname=expectation.alert, severity=expectation.severity, **own)
    return recorded_episodes(prometheus.raw(query, start, end).series, interval, still_active)


def _measured(
    prometheus: Prometheus,
    expectation: Expectation,
    slo: Slo | None,
    rules: tuple[RuleOfAlert, ...] | Unseen,
    episodes: tuple[Episode, ...] | Unseen,
    times: FaultTimes,
    now: float,
) -> tuple[Crossing, Prediction]:
    fired = [one.firing_at for one in episodes if one.firing_at] if not isinstance(episodes, Unseen) else []
    fired_at = min(fired, default=None)
    interval = _interval(rules)
    end = min(max(fired_at or 0.0, times.held_until or now) + INTERVALS_BEYOND * interval, now)
    start = min(times.intended_at, end - 1.0)
    if slo is not None and expectation.alert == slo.alerting.absent_name:
        instants = evaluations(prometheus, slo.name, start, end)
        scale = _time_scale(prometheus, slo.name, now)
        crossing = absent_crossing(prometheus, slo, scale, start, end)
        return crossing, absent_prediction(slo, scale, crossing, instants)
    if slo is not None and expectation.alert == slo.alerting.name:
        found = burning(slo, expectation.severity, _time_scale(prometheus, slo.name, now))
        if found is None:
            reason = f"no tier of SLO {slo.name} has severity {expectation.severity}"
            return Crossing(None, reason), Prediction(None, reason)
        return (
            measure_crossing(prometheus, found, start, end),
            measure_prediction(prometheus, found, start, end, fired_at),
        )
    return _of_another_rule(rules, episodes)


def _of_another_rule(
    rules: tuple[RuleOfAlert, ...] | Unseen, episodes: tuple[Episode, ...] | Unseen
) -> tuple[Crossing, Prediction]:
    """An alert that is no burn of an SLO that is declared here: its condition holds since it is pending."""
    nothing = Prediction(None, "only alerts of declared SLOs can be predicted")
    if not isinstance(episodes, Unseen) and episodes:
        return Crossing(min(one.active_at for one in episodes), "its condition holds"), nothing
    told = rules[0].query if not isinstance(rules, Unseen) and rules else "its condition"
    return Crossing(None, f"{' '.join(told.split())} gave nothing", known=not isinstance(episodes, Unseen)), nothing


def _interval(rules: Sequence[RuleOfAlert] | Unseen) -> float:
    return rules[0].interval if not isinstance(rules, Unseen) and rules else USUAL_INTERVAL_SECONDS


def _slo_of(
    prometheus: Prometheus,
    expectation: Expectation,
    rules: tuple[RuleOfAlert, ...] | Unseen,
    episodes: tuple[Episode, ...] | Unseen,
    now: float,
) -> str:
    """The name of the SLO that the alert is of; empty where it is of none. Also where its rule is gone."""
    if expectation.slo is not None:
        return expectation.slo
    known: list[Mapping[str, str]] = []
    known += [] if isinstance(rules, Unseen) else [rule.labels for rule in rules]
    known += [] if isinstance(episodes, Unseen) else [one.labels for one in episodes]
    named = next((labels["slo"] for labels in known if labels.get("slo")), "")
    if named:
        return named
    infos = prometheus.vector(f"{INFO}{{alert={quoted(expectation.alert)}}}", now).samples
    return next((one.labels.get("slo", "") for one in infos), "")


def _time_scale(prometheus: Prometheus, slo: str, at: float) -> float:
    """The time scale of an SLO's rules. Raises PrometheusError where it is not recorded."""
    infos = prometheus.vector(selector(INFO, slo=slo), at).samples
    try:
        return float(infos[0].labels["time_scale"])
    except (LookupError, ValueError) as error:
        raise PrometheusError(f"nothing is recorded of SLO {slo}: are its rules loaded?") from error


def _silences(alertmanager: Alertmanager | None, received: Received | None) -> dict[str, str]:
    """Who made each silence that held the alert back, and why."""
    if alertmanager is None or received is None or not received.silenced_by:
        return {}
    silences = seen(alertmanager.silences)
    if isinstance(silences, Unseen):
        return {}
    return {one.id: f"by {one.created_by}: {one.comment}" for one in silences if one.id in received.silenced_by}
