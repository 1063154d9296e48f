import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clients.pages import PagesKeeper
from runner.sink.book import Book
from runner.sink.diary import Diary
from runner.sink.server import MOST_BODY_BYTES, SinkServer, _Handler
from tests.runner.sink.test_book import body, book


@contextmanager
def serving(target: Book, diary: Diary | None = None) -> Iterator[SinkServer]:
    server = SinkServer("127.0.0.1", 0, target, diary)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def server() -> Iterator[SinkServer]:
    with serving(book()) as running:
        yield running


def ask(server: SinkServer, method: str, path: str, sent: bytes | None = None, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=20)
    try:
        connection.request(method, path, sent, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_what_alertmanager_sends_is_read_by_who_follows_alerts(server: SinkServer) -> None:
    assert ask(server, "POST", "/alerts/ml%20oncall", body("ignored"))[0] == 200
    assert ask(server, "POST", "/alerts", body("named", status="resolved")) == (200, '{"id": 2}')
    keeper = PagesKeeper(f"http://127.0.0.1:{server.server_address[1]}")
    found = keeper.since(0.0)
    keeper.close()
    assert [(page.id, page.receiver, page.status, page.received_at) for page in found.pages] == [
        (1, "ml oncall", "firing", 100.0),
        (2, "named", "resolved", 101.0),
    ]
    assert found.pages[0].alerts[0].name == "Burn"
    assert found.forgotten == 0


def test_since_asks_for_what_came_later(server: SinkServer) -> None:
    for _ in range(3):
        ask(server, "POST", "/alerts/a", body())
    pages = json.loads(ask(server, "GET", "/pages?since=101")[1])["pages"]
    assert [page["id"] for page in pages] == [3]


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("POST", "/alerts/a", b"{", 400),
        ("POST", "/alerts/a/b", b"{}", 404),
        ("POST", "/pages", b"{}", 404),
        ("GET", "/", None, 404),
        ("GET", "/pages?since=now", None, 400),
        ("GET", "/pages?since=nan", None, 400),
        ("PUT", "/alerts/a", b"{}", 501),
    ],
)
def test_what_is_not_asked_for_rightly_is_refused(
    server: SinkServer, method: str, path: str, sent: bytes | None, status: int
) -> None:
    assert ask(server, method, path, sent)[0] == status
    assert ask(server, "GET", "/healthz") == (200, "ok\n")


def test_a_body_without_a_length_or_too_long_is_refused_unread(server: SinkServer) -> None:
    assert ask(server, "POST", "/alerts/a", b"{}", Content_Length=str(MOST_BODY_BYTES + 1))[0] == 413
    assert ask(server, "POST", "/alerts/a", b"{}", Content_Length="many")[0] == 411


def test_what_came_is_counted_by_receiver(server: SinkServer) -> None:
    for name in ("a", "a", 'odd"name'):
        ask(server, "POST", "/alerts", body(name))
    said = ask(server, "GET", "/metrics")[1]
    assert 'mlchaos_sink_notifications_total{receiver="a",status="firing"} 2' in said
    assert 'mlchaos_sink_notifications_total{receiver="odd\\"name",status="firing"} 1' in said
    assert "mlchaos_sink_forgotten_total 0" in said


def test_a_receiver_without_a_sound_name_spoils_nothing(server: SinkServer) -> None:
    assert ask(server, "POST", "/alerts", body("\ud800"))[0] == 400
    assert ask(server, "POST", "/alerts/two%0Alines", body())[0] == 400
    assert ask(server, "GET", "/metrics")[0] == 200


def idle(server: SinkServer) -> socket.socket:
    """A client that begins a request and does not go on."""
    client = socket.create_connection(("127.0.0.1", server.server_port), timeout=20)
    client.sendall(b"POST /alerts/x HTTP/1.1\r\n")
    return client


def test_a_request_that_stands_still_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Handler, "timeout", 0.05)
    monkeypatch.setattr("runner.sink.server.REQUEST_SECONDS", 0.05)
    with serving(book()) as running, idle(running) as client:
        assert client.recv(1) == b""


def test_one_client_leaves_places_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.sink.server.MOST_OF_ONE_PEER", 1)
    with serving(book()) as running, idle(running):
        with socket.create_connection(("127.0.0.1", running.server_port), timeout=20) as second:
            assert refused(second)
        with socket.create_connection(
            ("127.0.0.1", running.server_port), timeout=20, source_address=("127.0.0.2", 0)
        ) as another:
            another.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
            assert another.recv(12) == b"HTTP/1.1 200"


def refused(client: socket.socket) -> bool:
    """Whether the connection was closed without an answer."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def test_what_is_kept_is_in_the_file_before_it_is_answered(tmp_path: Path) -> None:
    target = book()
    with serving(target, Diary(tmp_path / "sink.jsonl", target)) as running:
        ask(running, "POST", "/alerts/a", body())
        assert json.loads((tmp_path / "sink.jsonl").read_text())["receiver"] == "a"
