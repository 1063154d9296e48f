"""Looking at the path of the alert that always fires: Prometheus, Alertmanager and the keeper of pages are asked."""

import time

from actions.alerts.matcher import Matcher
from clients.alertmanager import Alertmanager, ReceivedAlert
from clients.json_http import HttpError
from clients.pages import PagesKeeper
from clients.prometheus import Prometheus, PrometheusError
from clients.prometheus_alerts import PrometheusAlerts
from runner.alerting.deadman import (
    Arrival,
    Link,
    arrived_link,
    due_within,
    firing_for,
    last_arrival,
    received_link,
    rule_links,
    settling,
)
from runner.alerting.routing import read_routing

_NO_ADDRESS = "no address of {} is named"


class Look:
    """Looks as often as asked, with new connections each time; what cannot be asked is unknown, and never raises."""

    def __init__(
        self, alert: str, prometheus_url: str, alertmanager_url: str, pages_url: str, timeout_seconds: float
    ) -> None:
        self._alert = alert
        self._prometheus_url = prometheus_url
        self._alertmanager_url = alertmanager_url
        self._pages_url = pages_url
        self._timeout = timeout_seconds

    def links(self) -> tuple[Link, ...]:
        """The path from the rule to the receivers, as it is now."""
        *ruled, fired = self._prometheus()
        received, due, routed, settles = self._alertmanager(fired)
        return (*ruled, received, routed, self._arrived(due, settles))

    def _prometheus(self) -> tuple[Link, Link, float | None]:
        """Its rule and whether it fires, and for how many seconds it has (None: not known)."""
        if not self._prometheus_url:
            return _unknown("rule", _NO_ADDRESS.format("Prometheus")), _unknown("firing", ""), None
        try:
            with Prometheus(self._prometheus_url, timeout=self._timeout) as prometheus:
                rules, now = PrometheusAlerts(prometheus).rules(), time.time()
                return *rule_links(self._alert, rules, now), firing_for(self._alert, rules, now)
        except PrometheusError as error:
            return _unknown("rule", str(error)), _unknown("firing", "Prometheus cannot be asked"), None

    def _alertmanager(self, fired: float | None) -> tuple[Link, dict[str, float] | None, Link, float]:
        """Received and routed; between them the receivers, with how often each has to get it (None: not known).

        The last is how many seconds it may still take to arrive.
        """
        if not self._alertmanager_url:
            why = _NO_ADDRESS.format("Alertmanager")
            return _unknown("received", why), None, _unknown("routed", ""), settling([fired])
        try:
            server = Alertmanager(self._alertmanager_url, self._timeout)
            try:
                alerts = server.alerts([str(Matcher("alertname", "=", self._alert))])
                status = server.status()
            finally:
                server.close()
        except HttpError as error:
            why = "Alertmanager cannot be asked"
            return _unknown("received", str(error)), None, _unknown("routed", why), settling([fired])
        now = time.time()
        settles = settling([fired, None if status.started_at is None else now - status.started_at])
        received = received_link(alerts, now, settles)
        if not alerts:
            return received, None, _unknown("routed", "what has not come is not routed"), settles
        try:
            return received, *_routed(status.configuration, alerts), settles
        except ValueError as error:  # RoutingError, DurationError, MatcherError
            why = f"Alertmanager's configuration cannot be told: {error}"
            return received, None, _unknown("routed", why), settles

    def _arrived(self, due: dict[str, float] | None, settling_seconds: float) -> Link:
        if not self._pages_url:
            why = "nothing keeps notifications: set MLCHAOS_PAGES_URL (the lab's pager, or chaos alerts sink)"
            return _unknown("arrived", why)
        if due is None:
            return _unknown("arrived", "it is not known whom it should reach")
        try:
            keeper = PagesKeeper(self._pages_url, self._timeout)
            try:
                pages = keeper.since(0.0).pages
            finally:
                keeper.close()
        except HttpError as error:
            return _unknown("arrived", str(error))
        now = time.time()
        last = {name: last_arrival(self._alert, name, pages) for name in due}
        ages = {name: None if at is None else now - at for name, at in last.items()}
        return arrived_link([Arrival(name, seconds, ages[name]) for name, seconds in due.items()], settling_seconds)


def _routed(configuration: str, alerts: tuple[ReceivedAlert, ...]) -> tuple[dict[str, float], Link]:
    routing = read_routing(configuration)
    due: dict[str, float] = {}
    for alert in alerts:
        for receiver, seconds in due_within(routing, alert).items():
            due[receiver] = min(seconds, due.get(receiver, seconds))
    deaf = [name for name in due if not (name in routing.receivers and routing.receivers[name].integrations)]
    if deaf:
        return due, Link("routed", "broken", f"receiver {', '.join(deaf)} notifies nobody")
    return due, Link("routed", "ok", f"to {', '.join(due)}")


def _unknown(name: str, why: str) -> Link:
    return Link(name, "unknown", why or "it cannot be asked")
