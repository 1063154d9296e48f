"""One connection that is kept, for a question that is asked four times a second.

requests and urllib3 build, for each request anew, what is the same every time: that takes ten times as long as asking.
"""

from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urlsplit


class NoAnswerError(Exception):
    """Nothing that can be used came back; the connection is closed."""


class KeptConnection:
    """Plain HTTP to one server, for one thread at a time. `seconds` bounds each wait for the network."""

    def __init__(self, host: str, port: int | None, seconds: float) -> None:
        self._host = host
        self._port = port
        self._seconds = seconds
        self._connection: HTTPConnection | None = None

    def post(self, path: str, body: str, max_bytes: int) -> tuple[bytes, str | None]:
        """The body of an answer 200 and its Date header, to a form that is encoded already. Raises NoAnswerError."""
        connection = self._connection or HTTPConnection(self._host, self._port, timeout=self._seconds)
        self._connection = None  # somebody who gives this call up must not find it half-read
        try:
            connection.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
            response = connection.getresponse()
            content = _content(response, max_bytes)
        except (OSError, HTTPException, NoAnswerError) as error:
            connection.close()
            raise NoAnswerError(str(error)) from error
        self._connection = connection  # it connects anew where the server closes it
        return content, response.headers.get("Date")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _content(response: HTTPResponse, max_bytes: int) -> bytes:
    if response.status != HTTPStatus.OK:
        raise NoAnswerError(f"status {response.status}")
    content = response.read(max_bytes + 1)
    if len(content) > max_bytes or response.length:
        raise NoAnswerError(f"{len(content)} bytes, and it goes on")
    return content


def kept_connection(url: str, seconds: float, trust_env: bool) -> KeptConnection | None:
    """A connection to the server of `url`; None where more than plain HTTP is needed: TLS, a password, a proxy."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or parts.username is not None:
        return None
    if trust_env:
        from requests.utils import get_environ_proxies, get_netrc_auth

        if get_environ_proxies(url) or get_netrc_auth(url):
            return None
    return KeptConnection(parts.hostname, parts.port, seconds)
