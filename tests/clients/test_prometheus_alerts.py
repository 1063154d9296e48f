"""What Prometheus says of its alerts."""

import json
from typing import Any

import pytest

from clients.prometheus import Prometheus, PrometheusError
from clients.prometheus_alerts import PrometheusAlerts, read_time
from tests.clients.in_process import answering_in_process
from tests.clients.misbehaving import Answer, body

ACTIVE = {
    "labels": {"alertname": "Burn", "severity": "page"},
    "annotations": {},
    "state": "pending",
    "activeAt": "2026-11-22T20:00:00.5Z",
    "value": "1e+00",
}
RULE = {
    "type": "alerting",
    "name": "Burn",
    "query": "up == 0",
    "duration": 60,
    "labels": {"severity": "page"},
    "annotations": {"summary": "x"},
    "alerts": [ACTIVE],
    "health": "err",
    "lastError": "no",
    "lastEvaluation": "0001-01-01T00:00:00Z",
}


def data(value: Any) -> Answer:
    return body(200, json.dumps({"status": "success", "data": value}))


def test_active_alerts_have_their_state_and_since_when() -> None:
    with answering_in_process(data({"alerts": [ACTIVE]})) as url, Prometheus(url) as prometheus:
        (alert,) = PrometheusAlerts(prometheus).active()
    assert (alert.name, alert.state) == ("Burn", "pending")
    assert alert.active_at == read_time("2026-11-22T20:00:00.500Z")


def test_a_rule_has_the_interval_of_its_group_and_says_whether_it_works() -> None:
    group = {"name": "g", "interval": 2.5, "rules": [RULE, {"type": "recording", "name": "r"}]}
    with answering_in_process(data({"groups": [group]})) as url, Prometheus(url) as prometheus:
        (rule,) = PrometheusAlerts(prometheus).rules()
    assert (rule.name, rule.severity, rule.group, rule.interval, rule.for_seconds) == ("Burn", "page", "g", 2.5, 60)
    assert (rule.healthy, rule.problem, rule.last_evaluation, len(rule.active)) == (False, "no", None, 1)


def test_whom_alerts_are_sent_to_is_told() -> None:
    sent = {"activeAlertmanagers": [{"url": "http://am/api/v2/alerts"}], "droppedAlertmanagers": []}
    with answering_in_process(data(sent)) as url, Prometheus(url) as prometheus:
        assert PrometheusAlerts(prometheus).alertmanagers() == ("http://am/api/v2/alerts",)


@pytest.mark.parametrize("value", [{}, {"alerts": [{**ACTIVE, "state": "odd"}], "groups": [{}]}, 5])
def test_an_answer_of_something_else_is_an_error(value: Any) -> None:
    with answering_in_process(data(value)) as url, Prometheus(url) as prometheus:
        alerts = PrometheusAlerts(prometheus)
        for ask in (alerts.active, alerts.rules, alerts.alertmanagers):
            with pytest.raises(PrometheusError, match="does not answer like Prometheus"):
                ask()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:01.123456789Z", 1.123456),
        ("1970-01-01T01:00:00+01:00", 0.0),
        ("1970-01-01T00:00:01.5+00:00", 1.5),
        ("0001-01-01T00:00:00Z", None),
        (None, None),
    ],
)
def test_times_are_read_as_go_writes_them(text: str | None, seconds: float | None) -> None:
    assert read_time(text) == seconds
