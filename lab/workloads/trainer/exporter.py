"""The HTTP face of a rank: /metrics and /healthz, from threads of their own, so that training never holds them up."""

import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

IDLE_SECONDS = 30.0


class Exporter(ThreadingHTTPServer):
    """Serves `exposition()` at http://HOST:PORT/metrics until the process ends."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, host: str, port: int, exposition: Callable[[], bytes]) -> None:
        super().__init__((host, port), _Handler)
        self.exposition = exposition

    def start(self) -> None:
        """Serve in a thread."""
        threading.Thread(target=self.serve_forever, name="exporter", daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about clients that hang up: probes and scrapes do when they are out of time."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    server: Exporter

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._answer(200, self.server.exposition(), "text/plain; version=0.0.4; charset=utf-8")
        elif path == "/healthz":
            self._answer(200, b"ok\n", "text/plain; charset=utf-8")
        else:
            self._answer(404, b"only /metrics and /healthz are here\n", "text/plain; charset=utf-8")

    def _answer(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it so)
        """Requests are not logged: Prometheus asks every second."""
