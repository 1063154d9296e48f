"""The client of Toxiproxy against servers that misbehave."""

import threading
import time
from http.server import BaseHTTPRequestHandler

import pytest

from clients.toxiproxy import (
    ProxyGoneError,
    Toxic,
    ToxicExistsError,
    Toxiproxy,
    ToxiproxyError,
    TransientToxiproxyError,
    address,
)
from tests.clients.misbehaving import Answer, answering, body

TOXIC = Toxic("t", "latency", "upstream", {"latency": 1, "jitter": 0})


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (body(500, '{"error": "listen tcp: address in use"}'), TransientToxiproxyError, "answered 500: listen tcp"),
        (body(503, ""), TransientToxiproxyError, "issue 558"),
        (body(404, '{"error": "proxy not found", "status": 404}'), ProxyGoneError, "no such proxy"),
        (body(404, "<html>nginx</html>"), ToxiproxyError, "is it a Toxiproxy"),
        (body(409, '{"error": "toxic already exists"}'), ToxicExistsError, "toxic already exists"),
        (body(400, '{"error": "invalid toxic type"}'), ToxiproxyError, "invalid toxic type"),
        (body(403, "no"), ToxiproxyError, "answered 403"),
        (body(302, ""), ToxiproxyError, "answered 302"),
        (body(200, "hello"), ToxiproxyError, "does not answer like a Toxiproxy"),
    ],
)
def test_an_answer_that_is_none_is_an_error_that_says_what_to_do(
    answer: Answer, kind: type[Exception], says: str
) -> None:
    with answering(answer) as url, pytest.raises(ToxiproxyError, match=says) as caught:
        Toxiproxy(url).add_toxic("llm", TOXIC)
    assert type(caught.value) is kind


@pytest.mark.parametrize("content", ["[]", "1", '{"llm": {}}', '{"llm": {"toxics": 1}}', '{"llm": {"toxics": [{}]}}'])
def test_a_listing_of_something_else_is_an_error(content: str) -> None:
    with answering(body(200, content)) as url, pytest.raises(ToxiproxyError, match="does not answer like a Toxiproxy"):
        Toxiproxy(url).proxies()


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    done = threading.Event()

    def silent(_handler: BaseHTTPRequestHandler) -> None:
        done.wait(10)

    with answering(silent) as url:
        began = time.monotonic()
        with pytest.raises(TransientToxiproxyError, match=r"no answer within 0\.1 s"):
            Toxiproxy(url, timeout=0.1).proxies()
        assert time.monotonic() - began < 5
        done.set()


def test_nobody_there_is_transient() -> None:
    with answering(body(200, "{}")) as url:
        pass
    with pytest.raises(TransientToxiproxyError, match="cannot be reached"):
        Toxiproxy(url).proxies()


def test_two_servers_are_told_apart_in_one_process() -> None:
    def listing(name: str) -> Answer:
        return body(
            200, f'{{"{name}": {{"name": "{name}", "listen": "", "upstream": "", "enabled": true, "toxics": []}}}}'
        )

    with answering(listing("one")) as first, answering(listing("two")) as second:
        one, two = Toxiproxy(first), Toxiproxy(second)
        assert (list(one.proxies()), list(two.proxies()), list(one.proxies())) == (["one"], ["two"], ["one"])


@pytest.mark.parametrize(
    ("url", "there"),
    [
        ("http://127.0.0.1:8474", ("127.0.0.1", 8474)),
        ("http://toxiproxy", ("toxiproxy", 8474)),
        ("http://[::1]:1/", ("[::1]", 1)),
    ],
)
def test_addresses(url: str, there: tuple[str, int]) -> None:
    assert address(url) == there
