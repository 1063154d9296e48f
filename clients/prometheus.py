"""Reading Prometheus: raw samples at a stated time, within a stated time, or an error that says what to do.

prometheus-api-client speaks the protocol; this module adds what it leaves open: a deadline on the whole answer, a bound
on its size, one bounded retry, an explicit evaluation time, the warnings of the answer, and errors with a remedy.
"""

import json
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError

DEFAULT_TIMEOUT_SECONDS = 5.0
MAX_ANSWER_BYTES = 64 * 1024 * 1024
MAX_SKEW_SECONDS = 5.0
"""How far the clocks may be apart; a Date header is in whole seconds."""
_CHUNK = 256 * 1024
_REMEDY = (
    "is it up (in the lab: chaos lab status; chaos lab up or chaos lab start prometheus) and PROMETHEUS_URL the right "
    "one (chaos lab env)?"
)


class PrometheusError(Exception):
    """Prometheus could not be asked, or did not answer the question: where, why, and what to do about it."""


class RefusedQueryError(PrometheusError):
    """Prometheus did not like the query."""


@dataclass(frozen=True, slots=True)
class Known:
    """A reading that has a value; `at` is the time that it was read for (seconds since the epoch)."""

    value: float
    at: float


@dataclass(frozen=True, slots=True)
class Unknown:
    """A reading without a value, and why. It is never a number, so that no data cannot pass for healthy."""

    reason: str


Reading = Known | Unknown


def reading(value: float, at: float) -> Reading:
    """A float as a reading: NaN and the infinities are unknown (Prometheus divides by nothing that way)."""
    if math.isfinite(value):
        return Known(value, at)
    return Unknown(f"the value is {value} (a division by zero: no events?)")


@dataclass(frozen=True, slots=True)
class Sample:
    """One scraped value and the time of its scrape (seconds since the epoch)."""

    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """The samples of one time series, oldest first."""

    labels: Mapping[str, str]
    samples: Sequence[Sample]


@dataclass(frozen=True, slots=True)
class Answer:
    """Every series of an answer and the warnings that Prometheus sent along with it."""

    series: tuple[Series, ...]
    warnings: tuple[str, ...] = ()


class Prometheus:
    """One Prometheus server. Every call is bounded in time (seconds, the whole answer) and in size."""

    def __init__(
        self, url: str, timeout: float = DEFAULT_TIMEOUT_SECONDS, max_answer_bytes: int = MAX_ANSWER_BYTES
    ) -> None:
        self.url = _checked(url)
        from prometheus_api_client import PrometheusConnect
        from urllib3.util.retry import Retry

        # One more try and no waiting on the server's advice: those who wait for a condition ask again themselves.
        retry = Retry(
            total=1, backoff_factor=0.2, status_forcelist=(502, 503, 504), respect_retry_after_header=False,
            raise_on_status=False,
        )  # fmt: skip
        self._session = _BoundedSession(self.url, timeout, max_answer_bytes)
        self._client = PrometheusConnect(url=self.url, session=self._session, retry=retry, timeout=timeout)

    def raw(self, selector: str, start: float, end: float) -> Answer:
        """The samples as they were scraped in [start, end] (seconds since the epoch), one series per label set.

        `selector` is an instant vector selector such as `http_requests_total{job="gateway"}`.
        """
        if end <= start:
            raise ValueError(f"the range must end after it starts: {start} to {end}")
        milliseconds = math.ceil((end - start) * 1000)
        result, warnings = self._ask(f"{selector}[{milliseconds}ms]", end)
        return Answer(tuple(_series(entry, start, end) for entry in result), warnings)

    def value(self, query: str, at: float) -> Reading:
        """The one number that `query` gives at the time `at`: unknown when there is none, several, or not a number."""
        result, _ = self._ask(query, at)
        if len(result) != 1:
            return Unknown(f"{query} gives {len(result)} series at {at:.3f}, not one")
        return reading(float(result[0]["value"][1]), at)

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> "Prometheus":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, query: str, at: float) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
        try:
            result = self._client.custom_query(query, params={"time": f"{at:.3f}"})
        except RefusedQueryError as error:
            raise RefusedQueryError(f"{error} (query: {query})") from error.__cause__
        except (KeyError, TypeError) as error:
            raise PrometheusError(f"{self.url} does not answer like Prometheus: no data in it ({error})") from error
        if not isinstance(result, list):
            raise PrometheusError(f"{self.url} does not answer like Prometheus: its result is not a list")
        return result, self._session.warnings


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if not url:
        raise PrometheusError(f"no address of Prometheus is given: {_REMEDY}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise PrometheusError(f"{url!r} is no address of Prometheus: write it like http://prometheus.example:9090")
    return url.rstrip("/")


def _series(entry: Mapping[str, Any], start: float, end: float) -> Series:
    """One entry of a matrix; samples that are not numbers (staleness and NaN) are left out."""
    samples = (Sample(float(at), float(value)) for at, value in entry["values"])
    return Series(dict(entry["metric"]), tuple(_within(samples, start, end)))


def _within(samples: Iterable[Sample], start: float, end: float) -> Iterable[Sample]:
    return (sample for sample in samples if start <= sample.at <= end and math.isfinite(sample.value))


@dataclass(frozen=True, slots=True)
class _Body:
    """What PrometheusConnect reads of a response."""

    status_code: int
    content: bytes
    document: Any

    def json(self) -> Any:
        return self.document


class _BoundedSession:
    """The part of a requests session that PrometheusConnect uses, with the bounds that requests does not have.

    The timeout of requests restarts with every byte, so a server that drips would hold a run for ever: here it is a
    deadline for the whole answer.
    """

    def __init__(self, url: str, timeout: float, max_bytes: int) -> None:
        self._session = requests.Session()
        self._url = url
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

    def request(self, method: str, url: str, **arguments: Any) -> _Body:
        deadline = time.monotonic() + self._timeout
        arguments["timeout"] = self._timeout
        if self._session.trust_env:
            del arguments["verify"]  # so that the environment's certificate bundle is honoured
        try:
            with self._session.request(method, url, stream=True, **arguments) as response:
                self._check_clock(response.headers.get("Date"))
                content = self._read(response, deadline)
        except (requests.RequestException, HTTPError) as error:
            raise PrometheusError(f"cannot reach Prometheus at {self._url}: {_cause(error)}; {_REMEDY}") from error
        return self._understand(response.status_code, content)

    def _check_clock(self, sent: str | None) -> None:
        """A client whose clock is behind would read the time before the fault and call it the time after it."""
        if sent is None:
            return
        ahead = parsedate_to_datetime(sent).timestamp() - time.time()
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
                raise PrometheusError(
                    f"{self._url} did not finish its answer within {self._timeout:g} s: is it overloaded?"
                )
        return bytes(body)

    def _understand(self, status: int, content: bytes) -> _Body:
        try:
            document = json.loads(content)
        except ValueError as error:
            start = content[:60].decode("utf-8", "replace")
            raise PrometheusError(
                f"{self._url} answered {status} without JSON ({start!r}): is this Prometheus's address?"
            ) from error
        if not isinstance(document, dict):
            raise PrometheusError(f"{self._url} does not answer like Prometheus: its answer is no JSON object")
        if status != requests.codes.ok or document.get("status") != "success":
            reason = document.get("error", "no reason given")
            raise RefusedQueryError(f"{self._url} refused the query with status {status}: {reason}")
        self.warnings = tuple(document.get("warnings", ()))
        return _Body(status, content, document)


def _cause(error: Exception) -> str:
    """The reason in a few words; the full chain stays the error's cause."""
    text = str(error)
    if isinstance(error, (requests.Timeout, ReadTimeoutError)) or "timed out" in text:
        return "no answer in time"
    for known in ("Connection refused", "Name or service not known", "No route to host", "certificate verify failed"):
        if known.lower() in text.lower():
            return known.lower()
    return text
