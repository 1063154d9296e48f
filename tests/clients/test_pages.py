"""What receivers were told, from something that keeps it."""

import json
from typing import Any

import pytest

from clients.json_http import HttpError
from clients.pages import PagesKeeper, pages_url
from tests.clients.in_process import answering_in_process
from tests.clients.misbehaving import body

PAGE = {
    "id": 3,
    "received_at": 12.5,
    "receiver": "ml-oncall",
    "status": "firing",
    "notification": {
        "groupKey": "{}:{}",
        "alerts": [
            {"status": "resolved", "labels": {"alertname": "Burn"}, "startsAt": "1970-01-01T00:00:10Z"},
            {"status": "firing", "labels": {"alertname": "Other"}},
        ],
    },
}


def document(*pages: Any) -> str:
    return json.dumps({"pages": list(pages), "forgotten": 2})


def test_each_alert_of_a_notification_has_its_own_status() -> None:
    earlier = {**PAGE, "id": 2, "received_at": 11, "answered": 500}
    with answering_in_process(body(200, document(PAGE, earlier))) as url:
        kept = PagesKeeper(url).since(1)
    assert [(page.id, page.accepted) for page in kept.pages] == [(2, False), (3, True)]
    assert kept.forgotten == 2
    assert [(one.name, one.status, one.starts_at) for one in kept.pages[1].alerts] == [
        ("Burn", "resolved", 10.0),
        ("Other", "firing", None),
    ]


def test_a_time_that_cannot_be_read_is_not_known_and_hides_no_other_page() -> None:
    odd = {"alerts": [{"status": "firing", "labels": {}, "startsAt": "yesterday"}]}
    with answering_in_process(body(200, document(PAGE, {**PAGE, "notification": odd}))) as url:
        kept = PagesKeeper(url).since(1)
    assert [page.alerts[0].starts_at for page in kept.pages] == [10.0, None]


@pytest.mark.parametrize("broken", [{"id": 1}, {**PAGE, "status": "odd"}, {**PAGE, "notification": None}, 5])
def test_what_is_no_page_is_an_error(broken: Any) -> None:
    with answering_in_process(body(200, document(broken))) as url, pytest.raises(HttpError, match="no list of pages"):
        PagesKeeper(url).since(1)


def test_text_that_is_no_json_is_an_error() -> None:
    with answering_in_process(body(200, "<html>")) as url, pytest.raises(HttpError, match="no JSON"):
        PagesKeeper(url).since(1)


def test_the_configuration_names_it_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCHAOS_PAGES_URL", "http://env")
    assert pages_url({}) == "http://env"
    assert pages_url({"pages_url": "http://own"}) == "http://own"
