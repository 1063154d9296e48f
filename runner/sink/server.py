"""The sink over HTTP: takes Alertmanager's webhooks, and tells what came.

POST /alerts/{receiver}, or /alerts for the receiver that the notification names; GET /pages?since=<Unix time> (the form
that clients.pages reads), /healthz and /metrics.
"""

import json
import logging
import math
import socket
import threading
from collections import Counter
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from runner.sink.book import Book, FullError, Kept, NoNotificationError
from runner.sink.diary import Diary

logger = logging.getLogger("chaostoolkit")

MOST_BODY_BYTES = 4 * 1024 * 1024
IDLE_SECONDS = 30.0
"""How long a connection that has been answered may wait for its next request."""
REQUEST_SECONDS = 5.0
"""How long a new connection has to begin, and how long a request may stand still once it has begun."""
MOST_AT_ONCE = 64
MOST_OF_ONE_PEER = 48
"""So that one client that holds its connections leaves some to the others."""


class SinkServer(ThreadingHTTPServer):
    """Listens as soon as it is made. Raises OSError where the address cannot be had."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, book: Book, diary: Diary | None = None) -> None:
        self.book = book
        self.diary = diary
        self.counts: Counter[tuple[str, str]] = Counter()
        self.counting = threading.Lock()
        self._peers: Counter[str] = Counter()
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Without asking for a name of the address, which takes seconds where no DNS answers."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """One that finds no place is closed; Alertmanager sends its notification again."""
        if not self._enter(str(client_address[0])):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def _enter(self, peer: str) -> bool:
        with self.counting:
            if self._peers.total() >= MOST_AT_ONCE or self._peers[peer] >= MOST_OF_ONE_PEER:
                return False
            self._peers[peer] += 1
            return True

    def _leave(self, peer: str) -> None:
        with self.counting:
            self._peers[peer] -= 1
            self._peers += Counter()  # without those that have none

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._leave(str(client_address[0]))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves in the middle is no news."""

    def take(self, body: bytes, receiver: str) -> Kept:
        """Keep a notification and say so. Raises NoNotificationError, FullError."""
        kept = self.book.receive(body, receiver)
        if self.diary is not None:
            self.diary.write(kept)
        with self.counting:
            self.counts[kept.receiver, kept.status] += 1
        logger.info("Notification %d for %s: %s", kept.id, kept.receiver, kept.status)
        return kept

    def metrics(self) -> str:
        """In Prometheus's text format. There are as many receivers as the book allows, so its labels are bounded."""
        lines = [
            "# HELP mlchaos_sink_notifications_total Notifications received since the sink began.",
            "# TYPE mlchaos_sink_notifications_total counter",
        ]
        with self.counting:
            counts = sorted(self.counts.items())
        lines += [
            f'mlchaos_sink_notifications_total{{receiver="{_escaped(receiver)}",status="{status}"}} {count}'
            for (receiver, status), count in counts
        ]
        lines += [
            "# HELP mlchaos_sink_forgotten_total Notifications that had to make room.",
            "# TYPE mlchaos_sink_forgotten_total counter",
            f"mlchaos_sink_forgotten_total {self.book.forgotten}",
        ]
        return "\n".join(lines) + "\n"


class _Handler(BaseHTTPRequestHandler):
    server: SinkServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "mlchaos-sink", ""
    timeout = REQUEST_SECONDS

    def parse_request(self) -> bool:
        """The first line is there: the rest has to follow soon."""
        self.connection.settimeout(REQUEST_SECONDS)
        return super().parse_request()

    def do_POST(self) -> None:
        """A notification."""
        path = urlsplit(self.path).path
        name = unquote(path.removeprefix("/alerts").strip("/"))
        if not (path == "/alerts" or path.startswith("/alerts/")) or "/" in name:
            self._refuse(HTTPStatus.NOT_FOUND, "send notifications to /alerts/RECEIVER, or to /alerts")
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "say how long the body is (Content-Length)")
            return
        if int(length) > MOST_BODY_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a notification has at most {MOST_BODY_BYTES} bytes")
            return
        try:
            kept = self.server.take(self.rfile.read(int(length)), name)
        except NoNotificationError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
        except FullError as error:
            self._refuse(HTTPStatus.INSUFFICIENT_STORAGE, str(error))
        else:
            self._answer(HTTPStatus.OK, json.dumps({"id": kept.id}))

    def do_GET(self) -> None:
        """What came, or whether the sink is well."""
        parts = urlsplit(self.path)
        if parts.path == "/pages":
            self._pages(parse_qs(parts.query).get("since", ["0"])[-1])
        elif parts.path == "/healthz":
            self._answer(HTTPStatus.OK, "ok\n", "text/plain")
        elif parts.path == "/metrics":
            self._answer(HTTPStatus.OK, self.server.metrics(), "text/plain; version=0.0.4")
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "there are /pages, /healthz and /metrics")

    def _pages(self, text: str) -> None:
        try:
            since = float(text)
        except ValueError:
            since = math.nan
        if math.isnan(since):
            self._refuse(HTTPStatus.BAD_REQUEST, "since must be a Unix time in seconds")
            return
        book = self.server.book
        last = book.last  # before the pages: all up to it are among them
        pages = ", ".join(kept.line for kept in book.since(since))
        told = f'"forgotten": {book.forgotten}, "last": {last}, "now": {book.now():.6f}'
        self._answer(HTTPStatus.OK, f'{{"pages": [{pages}], {told}}}')

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        """The body is not read, so nothing more can come over this connection."""
        self.close_connection = True
        logger.warning("Refused %s %s: %s", self.command, self.path[:200], why)
        self._answer(status, json.dumps({"error": why}))

    def _answer(self, status: HTTPStatus, text: str, kind: str = "application/json") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.connection.settimeout(IDLE_SECONDS)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name in http.server)
        """What matters is logged by who does it."""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
