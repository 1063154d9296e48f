"""Questions in JSON to servers that are not Prometheus: bounded in time and size, with errors that name the server.

The address may hold a user and a password; texts show it without.
"""

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from clients.deadline import within
from clients.prometheus import shown_address

DEFAULT_TIMEOUT_SECONDS = 5.0
MAX_ANSWER_BYTES = 32 * 1024 * 1024
_CHUNK = 64 * 1024


class HttpError(Exception):
    """A server could not be asked, or did not answer as it should. `status` is that of its answer, if there was one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class JsonServer:
    """One server, called `name` in errors. `timeout` (seconds) is for each whole answer; `remedy` ends each error."""

    def __init__(self, name: str, url: str, remedy: str, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> None:
        """Raises HttpError for what is no http address."""
        import requests

        self._name = name
        self._remedy = remedy
        self._timeout = timeout
        self._address = self._checked(url)
        self.url = shown_address(self._address)
        self._session = requests.Session()
        host = urlsplit(self._address).hostname or ""
        # A proxy of the machine cannot reach what listens on its loopback.
        self._session.trust_env = not (host == "localhost" or host.startswith("127."))

    def get(self, path: str, parameters: Mapping[str, str | list[str]] | None = None) -> Any:
        """The document at `path`. Raises HttpError."""
        return self._document(self._request("GET", path, params=dict(parameters or {})))

    def text(self, path: str) -> str:
        """The text at `path`. Raises HttpError."""
        return self._request("GET", path).decode("utf-8", "replace")

    def post(self, path: str, document: Any) -> Any:
        """What a document that is sent is answered with. Raises HttpError."""
        return self._document(self._request("POST", path, json=document))

    def delete(self, path: str) -> None:
        """Raises HttpError."""
        self._request("DELETE", path)

    def close(self) -> None:
        self._session.close()

    def strange(self, what: str) -> HttpError:
        """The error for an answer that is not of the kind that this server gives."""
        return HttpError(f"{self.url} does not answer like {self._name}: {what}; {self._remedy}")

    def _checked(self, url: str) -> str:
        if not url:
            raise HttpError(f"no address of {self._name} is given: {self._remedy}")
        try:
            parts = urlsplit(url)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port that is no number, a bracket too many
            good = False
        if not good:
            raise HttpError(f"{shown_address(url)!r} is no address of {self._name}: write it like http://HOST:PORT")
        return url.rstrip("/")

    def _request(self, method: str, path: str, **arguments: Any) -> bytes:
        import requests

        deadline = time.monotonic() + self._timeout

        def received() -> tuple[int, bytes]:
            url = f"{self._address}{path}"
            with self._session.request(method, url, stream=True, timeout=self._timeout, **arguments) as response:
                return response.status_code, self._read(response, deadline)

        try:
            status, content = within(self._timeout, received)
        except TimeoutError as error:
            raise self._late() from error
        except requests.Timeout as error:
            raise self._late() from error
        except requests.RequestException as error:
            raise HttpError(f"cannot reach {self._name} at {self.url}: {_cause(error)}; {self._remedy}") from error
        if not 200 <= status < 300:
            said = content[:300].decode("utf-8", "replace").strip()
            raise HttpError(f"{self._name} at {self.url} answered {method} {path} with {status}: {said}", status)
        return content

    def _read(self, response: Any, deadline: float) -> bytes:
        body = bytearray()
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise self.strange(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
            if time.monotonic() > deadline:
                raise self._late()
        return bytes(body)

    def _document(self, content: bytes) -> Any:
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            start = content[:60].decode("utf-8", "replace")
            raise self.strange(f"no JSON ({start!r})") from error

    def _late(self) -> HttpError:
        return HttpError(f"{self._name} at {self.url} gave no whole answer within {self._timeout:g} s; {self._remedy}")


def _cause(error: Exception) -> str:
    """The reason in a few words, and never the address, which may hold a password."""
    text = str(error)
    known = ("Connection refused", "Name or service not known", "No route to host", "certificate verify failed")
    found = next((one.lower() for one in known if one.lower() in text.lower()), "")
    return found or type(error).__name__
