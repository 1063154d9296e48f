"""The trainer's client of the object store: blocking HTTP or HTTPS on one kept connection, one client per thread."""

import hashlib
import http.client
import json
import ssl
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, urlsplit

READ_BYTES = 64 * 1024


class StoreError(Exception):
    """The store did not do what it was asked; `reason` is one word: "timeout", "unreachable" or "rejected"."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes


def trust(authority: Path) -> ssl.SSLContext:
    """A TLS context that trusts the authorities in a file (PEM) and nobody else. Raises OSError for a file of none."""
    return ssl.create_default_context(cafile=authority)


class ObjectStore:
    """Objects below `url` (http[s]://HOST[:PORT]), each request within `timeout` seconds. Methods raise StoreError.

    `tls` says whom to trust, where the store is reached over https. A store that cannot be trusted is "unreachable".
    """

    def __init__(self, url: str, timeout: float, tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        if (parts.scheme == "https") != (tls is not None):
            raise ValueError(f"{url} needs a TLS context if it is https, and only then")
        self._host, self._port = parts.hostname or "", parts.port
        self._tls = tls
        self._base = parts.path.rstrip("/")
        self._timeout = timeout
        self._connection: http.client.HTTPConnection | None = None

    def put(self, key: str, data: bytes) -> None:
        """Store `data` under `key`, whole or not at all: the store checks it against our checksum."""
        headers = {"x-checksum-sha256": hashlib.sha256(data).hexdigest(), "Content-Length": str(len(data))}
        answer = self._request("PUT", self._path(key), data, headers)
        if not 200 <= answer.status < 300:
            raise StoreError("rejected", f"PUT {key}: {answer.status} {answer.body[:200].decode(errors='replace')}")

    def get(self, key: str) -> bytes | None:
        """The object, or None when there is none."""
        answer = self._request("GET", self._path(key))
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status != HTTPStatus.OK:
            raise StoreError("rejected", f"GET {key}: {answer.status}")
        return answer.body

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin with `prefix`, sorted."""
        answer = self._request("GET", f"{self._base}/?prefix={quote(prefix)}")
        if answer.status != HTTPStatus.OK:
            raise StoreError("rejected", f"list {prefix}: {answer.status}")
        try:
            return [str(entry["key"]) for entry in json.loads(answer.body)["objects"]]
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError("rejected", f"list {prefix}: not a listing: {error!r}") from error

    def delete(self, key: str) -> None:
        """Remove an object, if it is there."""
        self._request("DELETE", self._path(key))

    def close(self) -> None:
        """Drop the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _path(self, key: str) -> str:
        return f"{self._base}/{quote(key)}"

    def _request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> _Answer:
        deadline = time.monotonic() + self._timeout
        is_kept = self._connection is not None
        try:
            try:
                return self._attempt(method, path, body, headers or {}, deadline)
            except (http.client.RemoteDisconnected, ConnectionError, ssl.SSLError):
                if not is_kept:
                    raise
                # A kept connection that the other side has closed meanwhile says nothing about the store now.
                self.close()
                return self._attempt(method, path, body, headers or {}, deadline)
        except TimeoutError as error:
            self.close()
            raise StoreError("timeout", f"{method} {path}: no answer within {self._timeout:g} s") from error
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise StoreError("unreachable", f"{method} {path}: {error!r}") from error

    def _attempt(self, method: str, path: str, body: bytes | None, headers: dict[str, str], deadline: float) -> _Answer:
        if self._connection is None:
            self._connection = self._new_connection()
        connection = self._connection
        if connection.sock is not None:
            connection.sock.settimeout(_remaining(deadline))
        connection.request(method, path, body, headers)
        connection.sock.settimeout(_remaining(deadline))
        with connection.getresponse() as response:
            parts = []
            while part := response.read(READ_BYTES):
                parts.append(part)
                if connection.sock is not None:
                    connection.sock.settimeout(_remaining(deadline))
            return _Answer(response.status, b"".join(parts))

    def _new_connection(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=self._tls)


def _remaining(deadline: float) -> float:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    return remaining
