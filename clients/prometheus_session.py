"""The HTTP session under clients.prometheus: a deadline on the whole answer, a bound on its size, one bounded retry."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError

from clients.deadline import within
from clients.kept_connection import KeptConnection, NoAnswerError, kept_connection

MAX_SKEW_SECONDS = 5.0
"""How far the clocks may be apart; a Date header is in whole seconds."""
REMEDY = (
    "is it up (in the lab: chaos lab status; chaos lab up or chaos lab start prometheus) and PROMETHEUS_URL the right "
    "one (chaos lab env)?"
)
_NO_TLS = ("WRONG_VERSION_NUMBER", "wrong version number", "RECORD_LAYER_FAILURE", "record layer failure")
"""What OpenSSL, old and new, says of an answer in plain text."""
_CHUNK = 256 * 1024
_PARTIAL = "the answer is partial (isPartial)"
"""What VictoriaMetrics's cluster says in a field of its own."""
_CLOSED = ("closed connection", "connection reset", "connection aborted", "incompleteread", "broken pipe")


class PrometheusError(Exception):
    """Prometheus could not be asked, or did not answer the question: where, why, and what to do about it."""


class RefusedQueryError(PrometheusError):
    """Prometheus did not like the query, or has no such endpoint: `status` and `reason` are its own."""

    def __init__(self, message: str, status: int, reason: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Body:
    """What PrometheusConnect reads of a response."""

    status_code: int
    content: bytes
    document: Any

    def json(self) -> Any:
        return self.document


class BoundedSession:
    """The part of a requests session that PrometheusConnect uses, with the bounds that requests does not have.

    The timeout of requests restarts with every byte, so a server that drips would hold a run for ever: here it is a
    deadline for all of it, from the name's lookup over the headers and the second try to the last byte.
    """

    def __init__(self, url: str, timeout: float, max_bytes: int, address: str = "") -> None:
        self._session = requests.Session()
        self._url = url
        self._address = address or url
        self._timeout = timeout
        self._max_bytes = max_bytes
        self.warnings: tuple[str, ...] = ()
        self.verify = True
        self.cert = None
        host = urlsplit(url).hostname or ""
        # A proxy of the machine cannot reach what listens on its loopback.
        self._session.trust_env = not (host == "localhost" or host.startswith("127."))

    def mount(self, prefix: str, adapter: BaseAdapter) -> None:
        self._session.mount(prefix, adapter)

    def close(self) -> None:
        self._session.close()
        if self._kept is not None:
            self._kept.close()

    def post_form(self, url: str, form: str) -> Body:
        """What a POST of a form gives that is encoded already: for what is asked again and again.

        Over a connection that is kept where plain HTTP does; whatever comes of that but a good answer is asked for once
        more, by `request`, which knows what to make of it.
        """
        kept = self._kept
        if kept is not None:
            try:
                content, date = within(self._timeout, lambda: kept.post(urlsplit(url).path, form, self._max_bytes))
            except TimeoutError as error:
                raise self._late() from error
            except NoAnswerError:
                pass
            else:
                self._check_clock(date)
                return self._understand(HTTPStatus.OK, content)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.request("POST", url, data=form, headers=headers)

    @cached_property
    def _kept(self) -> KeptConnection | None:
        return kept_connection(self._address, self._timeout, self._session.trust_env)

    def request(self, method: str, url: str, **arguments: Any) -> Body:
        deadline = time.monotonic() + self._timeout
        arguments["timeout"] = self._timeout
        if self._session.trust_env:
            arguments.pop("verify", None)  # so that the environment's certificate bundle is honoured

        def received() -> tuple[int, bytes]:
            with self._session.request(method, url, stream=True, **arguments) as response:
                self._check_clock(response.headers.get("Date"))
                return response.status_code, self._read(response, deadline)

        try:
            status, content = within(self._timeout, received)
        except TimeoutError as error:
            raise self._late() from error
        except UnicodeEncodeError as error:  # half of a surrogate pair, or a byte of the command line that is no text
            raise PrometheusError(
                f"{self._url} cannot be asked about {error.object[error.start : error.end]!r}, which is no UTF-8: is a "
                "name misspelt?"
            ) from error
        except (requests.RequestException, HTTPError) as error:
            raise PrometheusError(f"cannot reach Prometheus at {self._url}: {_cause(error)}; {REMEDY}") from error
        return self._understand(status, content)

    def _check_clock(self, sent: str | None) -> None:
        """A client whose clock is behind would read the time before the fault and call it the time after it."""
        try:
            ahead = parsedate_to_datetime(sent or "").timestamp() - time.time()
        except (ValueError, OverflowError):
            return  # no Date header, or a proxy's own idea of one
        if abs(ahead) > MAX_SKEW_SECONDS:
            raise PrometheusError(
                f"the clock of {self._url} is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} that of this "
                "machine, so what is read would be of another time: synchronise them"
            )

    def _read(self, response: requests.Response, deadline: float) -> bytes:
        body = bytearray()
        # read1 returns what is there; read and iter_content would wait, past the deadline, until a chunk is full.
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._max_bytes:
                raise PrometheusError(
                    f"the answer of {self._url} is larger than {self._max_bytes} bytes: select fewer series"
                )
            if time.monotonic() > deadline:
                raise self._late()
        return bytes(body)

    def _late(self) -> PrometheusError:
        return PrometheusError(
            f"no answer in time: {self._url} did not finish its answer within {self._timeout:g} s: is it overloaded, "
            f"{REMEDY}"
        )

    def _understand(self, status: int, content: bytes) -> Body:
        try:
            document = json.loads(content)
        except (ValueError, RecursionError) as error:
            start = content[:60].decode("utf-8", "replace")
            raise PrometheusError(
                f"{self._url} answered {status} without JSON ({start!r}): is this Prometheus's address?"
            ) from error
        if not isinstance(document, dict):
            raise PrometheusError(f"{self._url} does not answer like Prometheus: its answer is no JSON object")
        if status != requests.codes.ok or document.get("status") != "success":
            reason = document.get("error", "no reason given")
            raise RefusedQueryError(
                f"{self._url} refused the query with status {status}: {reason}", status, str(reason)
            )
        self.warnings = self._doubts_of_its_own(document)
        return Body(status, content, document)

    def _doubts_of_its_own(self, document: Mapping[str, object]) -> tuple[str, ...]:
        """The warnings that question the data; before Prometheus 2.54 remarks on the query's style came among them."""
        sent = document.get("warnings")
        texts = [] if sent is None else sent
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise PrometheusError(f"{self._url} does not answer like Prometheus: its warnings are no list of texts")
        partial = document.get("isPartial") not in (None, False)
        return (
            *(text for text in texts if not text.startswith("PromQL info:")),
            *([_PARTIAL] if partial else []),
        )


def _cause(error: Exception) -> str:
    """The reason in a few words; the full chain stays the error's cause."""
    text = str(error)
    if isinstance(error, (requests.Timeout, ReadTimeoutError)) or "timed out" in text:
        return "no answer in time"
    if any(sign in text.lower() for sign in _CLOSED):
        return "it closed the connection before its answer was whole"
    for known in ("Connection refused", "Name or service not known", "No route to host", "certificate verify failed"):
        if known.lower() in text.lower():
            return known.lower()
    if isinstance(error, requests.exceptions.SSLError) and any(sign in text for sign in _NO_TLS):
        return "it does not speak TLS: http://?"
    return text
