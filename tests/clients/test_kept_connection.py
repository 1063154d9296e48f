"""The question that is asked again and again: over one connection, and with every bound of the others."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from clients.kept_connection import kept_connection
from clients.prometheus import Prometheus, PrometheusError, RefusedQueryError
from tests.clients.misbehaving import Answer, answering, body

GOOD = json.dumps({"status": "success", "data": {"result": []}})


def kept(answer: Answer, clients: set[tuple[str, int]]) -> Answer:
    """The same answer, by a server that keeps connections, with the addresses that asked."""

    def keep(handler: BaseHTTPRequestHandler) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.close_connection = False
        handler.rfile.read(int(handler.headers["Content-Length"]))
        clients.add(handler.client_address)
        answer(handler)

    return keep


@pytest.fixture
def clients() -> set[tuple[str, int]]:
    return set()


@pytest.fixture
def prometheus(clients: set[tuple[str, int]]) -> Iterator[Prometheus]:
    with answering(kept(body(200, GOOD), clients)) as url, Prometheus(url) as made:
        yield made


def test_one_connection_serves_all_questions(prometheus: Prometheus, clients: set[tuple[str, int]]) -> None:
    for _ in range(5):
        assert prometheus.query_encoded("up", 1.0).data == {"result": []}
    assert len(clients) == 1


def test_a_connection_that_the_server_closed_is_opened_anew() -> None:
    clients: set[tuple[str, int]] = set()

    def once(handler: BaseHTTPRequestHandler) -> None:
        kept(body(200, GOOD), clients)(handler)
        handler.close_connection = True  # without having said so

    with answering(once) as url, Prometheus(url) as prometheus:
        for _ in range(3):
            assert prometheus.query_encoded("up", 1.0).data == {"result": []}
    assert len(clients) >= 3


def test_a_refusal_is_told_as_ever() -> None:
    refusal = json.dumps({"status": "error", "error": "a parenthesis too many"})
    with (
        answering(body(400, refusal)) as url,
        Prometheus(url) as prometheus,
        pytest.raises(RefusedQueryError, match="a parenthesis too many"),
    ):
        prometheus.query_encoded("up", 1.0)


def test_an_answer_that_is_too_large_is_told_as_ever() -> None:
    with (
        answering(body(200, GOOD)) as url,
        Prometheus(url, max_answer_bytes=10) as prometheus,
        pytest.raises(PrometheusError, match="larger than 10 bytes"),
    ):
        prometheus.query_encoded("up", 1.0)


def test_an_answer_that_drips_ends_at_the_deadline() -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(b" ")
            time.sleep(0.01)

    with (
        answering(drip) as url,
        Prometheus(url, timeout=0.1) as prometheus,
        pytest.raises(PrometheusError, match="no answer in time"),
    ):
        prometheus.query_encoded("up", 1.0)


def test_a_server_that_is_not_there_is_told_as_ever() -> None:
    with (
        Prometheus("http://127.0.0.1:1") as prometheus,
        pytest.raises(PrometheusError, match="connection refused"),
    ):
        prometheus.query_encoded("up", 1.0)


@pytest.mark.parametrize("url", ["https://prometheus.example", "http://user:secret@prometheus.example"])
def test_where_more_than_plain_http_is_needed_none_is_kept(url: str) -> None:
    assert kept_connection(url, 1.0, trust_env=False) is None


def test_where_a_proxy_stands_between_none_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert kept_connection("http://prometheus.example:9090", 1.0, trust_env=True) is None
    assert kept_connection("http://inside.example:9090", 1.0, trust_env=True) is not None
