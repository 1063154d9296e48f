"""Who is asked in a look."""

from typing import Any, cast

from clients.alertmanager import Alertmanager, AlertmanagerStatus, NotificationCounts
from clients.pages import Pages, PagesKeeper
from clients.prometheus import Prometheus
from runner.alerting.look import Unseen
from runner.alerting.looking import NO_ALERTMANAGER, NO_KEEPER, Eyes

RECEIVERS = """
route: {receiver: oncall}
receivers:
- name: oncall
  webhook_configs: [{url: http://a}, {url: http://b}]
  pagerduty_configs: [{routing_key: x}]
- name: nobody
"""


class Answering:
    """An Alertmanager and a keeper that always answer."""

    def __init__(self, configuration: str = RECEIVERS) -> None:
        self.configuration = configuration

    def alerts(self) -> tuple[()]:
        return ()

    def status(self) -> AlertmanagerStatus:
        return AlertmanagerStatus("0.25", self.configuration, "ready")

    def notification_counts(self) -> NotificationCounts:
        return NotificationCounts(3, 1)

    def since(self, at: float) -> Pages:
        return Pages((), 0)


def eyes(alertmanager: Any, keeper: Any) -> Eyes:
    return Eyes(Prometheus("http://127.0.0.1:1"), cast("Alertmanager", alertmanager), cast("PagesKeeper", keeper))


def test_beside_a_keeper_the_counters_are_asked_too_and_what_each_receiver_is_notified_by() -> None:
    found = eyes(Answering(), Answering()).look(1.0, 0.0)
    assert found.counts == NotificationCounts(3, 1)
    assert found.integrations == {"oncall": ("webhook", "webhook", "pagerduty"), "nobody": ()}


def test_a_configuration_that_is_loaded_anew_is_read_anew() -> None:
    alertmanager = Answering()
    looking = eyes(alertmanager, None)
    assert looking.look(1.0, 0.0).pages == NO_KEEPER
    alertmanager.configuration = "{route: {receiver: a}, receivers: [{name: a, email_configs: [{to: x}]}]}"
    assert looking.look(2.0, 0.0).integrations == {"a": ("email",)}
    alertmanager.configuration = "[]"
    assert isinstance(looking.look(3.0, 0.0).integrations, Unseen)


def test_without_an_alertmanager_nothing_of_it_is_known() -> None:
    found = eyes(None, Answering()).look(1.0, 0.0)
    assert (found.received, found.counts, found.integrations) == (NO_ALERTMANAGER,) * 3
