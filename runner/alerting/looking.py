"""Looking at Prometheus, Alertmanager and who keeps notifications, again and again. Whatever fails is Unseen."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from clients.alertmanager import ALERTMANAGER_VARIABLE, Alertmanager, alertmanager_url
from clients.json_http import HttpError
from clients.pages import PAGES_VARIABLE, PagesKeeper, pages_url
from clients.prometheus import Prometheus, PrometheusError
from clients.prometheus_alerts import PrometheusAlerts
from runner.alerting.look import Look, Unseen
from runner.alerting.routing import RoutingError, read_routing
from runner.alerting.timeline import Evidence

T = TypeVar("T")
TIMEOUT_SECONDS = 5.0
NO_ALERTMANAGER = Unseen(f"Alertmanager is not asked: {ALERTMANAGER_VARIABLE} is not set", asked=False)
NO_KEEPER = Unseen(f"nobody keeps notifications: {PAGES_VARIABLE} is not set", asked=False)
SKEW_SECONDS = 1.0
"""Pages are asked for from a little earlier than the last one, which is then known already."""


class Eyes:
    """The three that are asked. For one thread at a time."""

    def __init__(self, prometheus: Prometheus, alertmanager: Alertmanager | None, keeper: PagesKeeper | None) -> None:
        self.prometheus = prometheus
        self.alertmanager = alertmanager
        self.keeper = keeper
        self._alerts = PrometheusAlerts(prometheus)
        self._read: tuple[str, Mapping[str, tuple[str, ...]]] | None = None

    @property
    def evidence(self) -> Evidence:
        """How notifications are seen."""
        if self.keeper is not None:
            return "sink"
        return "metrics" if self.alertmanager is not None else "none"

    def look(self, at: float, pages_since: float) -> Look:
        """One look; `pages_since` is the time of the last page that is known (seconds since the epoch)."""
        alertmanager, keeper = self.alertmanager, self.keeper
        return Look(
            at,
            seen(self._alerts.active),
            NO_ALERTMANAGER if alertmanager is None else seen(alertmanager.alerts),
            NO_KEEPER if keeper is None else seen(lambda: keeper.since(pages_since - SKEW_SECONDS)),
            NO_ALERTMANAGER if alertmanager is None else seen(alertmanager.notification_counts),
            NO_ALERTMANAGER if alertmanager is None else self._integrations(alertmanager),
        )

    def _integrations(self, alertmanager: Alertmanager) -> Mapping[str, tuple[str, ...]] | Unseen:
        """What each receiver is notified by; the configuration is read again only when it is another one."""
        status = seen(alertmanager.status)
        if isinstance(status, Unseen):
            return status
        if self._read is None or self._read[0] != status.configuration:
            try:
                receivers = read_routing(status.configuration).receivers
            except RoutingError as error:
                return Unseen(str(error))
            self._read = (status.configuration, {name: one.entries for name, one in receivers.items()})
        return self._read[1]

    def close(self) -> None:
        self.prometheus.close()
        for one in (self.alertmanager, self.keeper):
            if one is not None:
                one.close()


def seen(ask: Callable[[], T]) -> T | Unseen:
    """The answer, or why there is none."""
    try:
        return ask()
    except (PrometheusError, HttpError) as error:
        return Unseen(str(error))


def open_eyes(prometheus_url: str, configuration: Mapping[str, Any]) -> Eyes:
    """Clients of their own: they are asked in a thread of their own.

    Raises PrometheusError and HttpError for what is no address.
    """
    alertmanager, keeper = alertmanager_url(configuration), pages_url(configuration)
    return Eyes(
        Prometheus(prometheus_url, TIMEOUT_SECONDS),
        Alertmanager(alertmanager, TIMEOUT_SECONDS) if alertmanager else None,
        PagesKeeper(keeper, TIMEOUT_SECONDS) if keeper else None,
    )
