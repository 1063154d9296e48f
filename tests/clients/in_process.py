"""The server of tests.clients.misbehaving without a network: for tests of what is done with whole answers.

The client's requests end where they would be sent, so there is no connection that could fail, be slow, or be tried
again. An address of this kind is known in this process only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from itertools import count
from typing import Any
from unittest.mock import patch

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from tests.clients.misbehaving import Answer

_PORTS = count(1)


@contextmanager
def answering_in_process(answer: Answer) -> Iterator[str]:
    """Answer every request to the address that it gives, until the block ends."""
    url = f"http://127.0.0.2:{next(_PORTS)}"
    over_network = HTTPAdapter.send

    def send(adapter: HTTPAdapter, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        if not str(request.url).startswith(f"{url}/"):
            return over_network(adapter, request, **options)
        exchange = _Exchange(request)
        answer(exchange)
        return adapter.build_response(request, exchange.answered())

    with patch.object(HTTPAdapter, "send", send):
        yield url


class _Exchange(BaseHTTPRequestHandler):
    """A request, and what is answered to it."""

    wfile: BytesIO

    def __init__(self, request: requests.PreparedRequest) -> None:
        self.command = str(request.method)
        self.path = request.path_url
        self.headers = Message()
        for name, value in request.headers.items():
            self.headers[name] = str(value)
        self.rfile = BytesIO(str(request.body or "").encode())  # a form, if anything
        self.wfile = BytesIO()
        self._status = 0
        self._sent: dict[str, str] = {}

    def answered(self) -> HTTPResponse:
        """The answer, to be read as from the network."""
        self.wfile.seek(0)
        return HTTPResponse(self.wfile, self._sent, self._status, preload_content=False)

    def send_response(self, code: int, _message: str | None = None) -> None:
        self._status = code

    def send_header(self, keyword: str, value: str) -> None:
        self._sent[keyword] = value

    def end_headers(self) -> None:
        """Nothing is on its way yet."""
