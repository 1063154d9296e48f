"""What is asked of Alertmanager, and what its answers say."""

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from clients.alertmanager import Alertmanager, Silence, SilenceMatcher, alertmanager_url
from clients.json_http import HttpError
from tests.clients.in_process import answering_in_process
from tests.clients.misbehaving import Answer, body

ALERT = {
    "labels": {"alertname": "Burn", "severity": "page"},
    "annotations": {},
    "fingerprint": "abc",
    "receivers": [{"name": "ml-oncall"}],
    "startsAt": "2026-11-22T20:00:00.123456789Z",
    "updatedAt": "2026-11-22T20:00:01Z",
    "endsAt": "2026-11-22T20:05:00+01:00",
    "status": {"state": "suppressed", "silencedBy": ["s1"], "inhibitedBy": []},
}
SILENCE = {
    "id": "s1",
    "matchers": [{"name": "alertname", "value": "Burn", "isRegex": False, "isEqual": True}],
    "startsAt": "2026-11-22T20:00:00.000Z",
    "endsAt": "2026-11-22T21:00:00.000Z",
    "createdBy": "bob",
    "comment": "too loud",
    "status": {"state": "active"},
}
METRICS = """\
# TYPE alertmanager_notification_requests_total counter
alertmanager_notification_requests_total{integration="webhook"} 7
alertmanager_notification_requests_total{integration="email"} 1
# TYPE alertmanager_notification_requests_failed_total counter
alertmanager_notification_requests_failed_total{integration="webhook"} 2
alertmanager_notification_requests_failed_total{integration="email"} 0
"""


def answer(document: Any, status: int = 200) -> Answer:
    return body(status, json.dumps(document))


def test_an_alert_is_read_with_what_mutes_it_and_whom_it_is_for() -> None:
    with answering_in_process(answer([ALERT])) as url:
        (alert,) = Alertmanager(url).alerts()
    assert (alert.name, alert.receivers, alert.silenced_by, alert.inhibited_by) == ("Burn", ("ml-oncall",), ("s1",), ())
    assert alert.muted
    assert alert.processed
    assert alert.updated_at - alert.starts_at == pytest.approx(0.876544)


def test_filters_are_sent_as_they_are() -> None:
    asked: list[str] = []

    def note(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        answer([])(handler)

    with answering_in_process(note) as url:
        Alertmanager(url).alerts(['alertname="Burn"', 'severity="page"'])
    assert asked == ["/api/v2/alerts?filter=alertname%3D%22Burn%22&filter=severity%3D%22page%22"]


def test_requests_that_failed_delivered_nothing() -> None:
    with answering_in_process(body(200, METRICS, "text/plain")) as url:
        counts = Alertmanager(url).notification_counts()
    assert (counts.sent, counts.failed, counts.delivered) == (8, 2, 6)
    assert counts.by_integration["webhook"] == (7, 2)


def test_a_silence_is_read_and_written() -> None:
    with answering_in_process(answer([SILENCE])) as url:
        (silence,) = Alertmanager(url).silences()
    assert silence.matchers == (SilenceMatcher("alertname", "Burn"),)
    assert (silence.created_by, silence.comment, silence.state) == ("bob", "too loud", "active")
    with answering_in_process(answer({"silenceID": "s2"})) as url:
        assert Alertmanager(url).silence(Silence(silence.matchers, 1.0, 2.0, "me", "why")) == "s2"


def test_a_silence_that_is_not_there_is_none_and_another_error_is_one() -> None:
    with answering_in_process(answer("nothing", 404)) as url:
        assert Alertmanager(url).silence_of("s9") is None
    with answering_in_process(answer("broken", 500)) as url, pytest.raises(HttpError, match="with 500"):
        Alertmanager(url).silence_of("s9")


@pytest.mark.parametrize("document", [[{}], [{**ALERT, "startsAt": "yesterday"}], 7])
def test_an_answer_of_something_else_is_an_error(document: Any) -> None:
    with answering_in_process(answer(document)) as url:
        server = Alertmanager(url)
        for ask in (server.alerts, server.status, server.receivers, server.silences):
            with pytest.raises(HttpError, match="does not answer like Alertmanager"):
                ask()


def test_metrics_of_something_else_are_an_error() -> None:
    with answering_in_process(body(200, "up 1\n", "text/plain")) as url, pytest.raises(HttpError, match="no alertman"):
        Alertmanager(url).notification_counts()


@pytest.mark.parametrize("url", ["", "alertmanager:9093", "ftp://x"])
def test_what_is_no_address_is_refused_with_what_to_do(url: str) -> None:
    with pytest.raises(HttpError, match=r"ALERTMANAGER_URL|write it like http"):
        Alertmanager(url)


def test_a_password_in_the_address_is_not_shown() -> None:
    with pytest.raises(HttpError) as caught:
        Alertmanager("http://me:secret@127.0.0.1:1").alerts()
    assert "secret" not in str(caught.value)
    assert "cannot reach Alertmanager at http://***@127.0.0.1:1: connection refused" in str(caught.value)


def test_the_configuration_names_it_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERTMANAGER_URL", "http://env")
    assert alertmanager_url({}) == "http://env"
    assert alertmanager_url({"alertmanager_url": "http://own"}) == "http://own"
