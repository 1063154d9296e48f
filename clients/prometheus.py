"""Reading Prometheus: raw samples at a stated time, within a stated time, or an error that says what to do.

prometheus-api-client speaks the protocol; this module adds what it leaves open: a deadline on the whole answer, a bound
on its size, one bounded retry, an explicit evaluation time, the warnings of the answer, and errors with a remedy.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from clients.prometheus_session import BoundedSession, PrometheusError, RefusedQueryError

__all__ = [
    "Answer", "Fetched", "Known", "LabelledValue", "Prometheus", "PrometheusError", "Reading", "RefusedQueryError",
    "Sample", "Series", "Unknown", "Vector", "reading", "shown_address",
]  # fmt: skip

DEFAULT_TIMEOUT_SECONDS = 5.0
MAX_ANSWER_BYTES = 64 * 1024 * 1024
SET_ADDRESS = 'set PROMETHEUS_URL (in the lab: eval "$(chaos lab env)")'
_SECRET = re.compile(r"^(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)?.*@", re.DOTALL)
_BEHIND = re.compile(r"[?#].*", re.DOTALL)
"""Up to the last @, since a password may have one, or a slash, that is not written as it should be."""
LONGEST_URL_QUERY = 2000
"""Characters; a longer query goes in the body of a POST, since proxies cut or refuse long addresses."""


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


@dataclass(frozen=True, slots=True)
class LabelledValue:
    """One value of an instant vector, as Prometheus gave it: NaN and the infinities included."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Vector:
    """Every value of an instant vector at the time `at`, and the warnings that Prometheus sent along with it.

    A warning says that something may be missing (a store that did not answer): then no gate may rely on it.
    """

    samples: tuple[LabelledValue, ...]
    at: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fetched:
    """The data of an answer of any endpoint, as JSON gave it, and its warnings."""

    data: Any
    warnings: tuple[str, ...] = ()


class Prometheus:
    """One Prometheus server. Every call is bounded in time (seconds, the whole answer) and in size.

    `url` is its address as it may be shown: without the user and the password that it may be asked with.
    """

    def __init__(
        self, url: str, timeout: float = DEFAULT_TIMEOUT_SECONDS, max_answer_bytes: int = MAX_ANSWER_BYTES
    ) -> None:
        self._address = _checked(url)
        self.url = shown_address(self._address)
        from prometheus_api_client import PrometheusConnect
        from urllib3.util.retry import Retry

        # One more try and no waiting on the server's advice: those who wait for a condition ask again themselves.
        # A POST of the query endpoints changes nothing, so it may be sent twice as well.
        retry = Retry(
            total=1, backoff_factor=0.2, status_forcelist=(502, 503, 504), respect_retry_after_header=False,
            raise_on_status=False, allowed_methods=("GET", "POST"),
        )  # fmt: skip
        self._session = BoundedSession(self.url, timeout, max_answer_bytes, self._address)
        self._client = PrometheusConnect(url=self._address, session=self._session, retry=retry, timeout=timeout)

    def raw(self, selector: str, start: float, end: float) -> Answer:
        """The samples as they were scraped in [start, end] (seconds since the epoch), one series per label set.

        `selector` is an instant vector selector such as `http_requests_total{job="gateway"}`.
        """
        if end <= start:
            raise ValueError(f"the range must end after it starts: {start} to {end}")
        milliseconds = math.ceil((end - start) * 1000)
        result, warnings = self._ask(f"{selector}[{milliseconds}ms]", end)
        return Answer(self._all_series(result, start, end), warnings)

    def value(self, query: str, at: float) -> Reading:
        """The one number that `query` gives at the time `at`: unknown when there is none, several, or not a number.

        Unknown, too, when Prometheus warns that its answer may be incomplete.
        """
        vector = self.vector(query, at)
        if vector.warnings:
            return Unknown(f"Prometheus warns about {query}: {'; '.join(vector.warnings)}")
        if len(vector.samples) != 1:
            return Unknown(f"{query} gives {len(vector.samples)} series at {at:.3f}, not one")
        return reading(vector.samples[0].value, at)

    def vector(self, query: str, at: float) -> Vector:
        """Every series that `query` gives at the time `at` (seconds since the epoch), with its labels."""
        result, warnings = self._ask(query, at)
        try:
            samples = tuple(LabelledValue(_labels(entry), _time_and_value(entry["value"])[1]) for entry in result)
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            raise self._strange(f"no instant vector ({_in_words(error)})") from error
        return Vector(samples, at, warnings)

    def matrix(self, query: str, start: float, end: float, step: float) -> Answer:
        """What `query` gives at start, start + step, ... up to `end` (seconds since the epoch; `step` in seconds).

        Prometheus gives at most 11,000 points per series. Where there is no number there is no sample.
        """
        if end < start or step <= 0:
            raise ValueError(f"a range needs an end after its start and a step: {start} to {end} by {step}")
        parameters = {"query": query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        try:
            fetched = self.fetch("query_range", parameters)
        except RefusedQueryError as error:
            raise _refused(query, error) from error.__cause__
        try:
            result = list(fetched.data["result"])
        except (LookupError, TypeError) as error:
            raise self._strange(f"no data in it ({_in_words(error)})") from error
        return Answer(self._all_series(result, start, end), fetched.warnings)

    def fetch(self, endpoint: str, parameters: Mapping[str, str]) -> Fetched:
        """The data of an endpoint under /api/v1/ that takes GET, and POST when the query among the parameters is long.

        Bounded, tried again and refused like every call.
        """
        url = f"{self._address}/api/v1/{endpoint}"
        if len(parameters.get("query", "")) > LONGEST_URL_QUERY:
            body = self._session.request("POST", url, data=dict(parameters))
        else:
            body = self._session.request("GET", url, params=dict(parameters))
        return Fetched(body.document.get("data"), self._session.warnings)

    def query_encoded(self, query: str, at: float) -> Fetched:
        """The data of an instant query at the time `at`; `query` is encoded for a form already (quote_plus).

        For one long query that is asked again and again: encoding it takes longer than all else.
        """
        body = self._session.post_form(f"{self._address}/api/v1/query", f"time={at:.3f}&query={query}")
        return Fetched(body.document.get("data"), self._session.warnings)

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> "Prometheus":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, query: str, at: float) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
        try:
            if len(query) > LONGEST_URL_QUERY:
                result = self.fetch("query", {"query": query, "time": f"{at:.3f}"}).data["result"]
            else:
                result = self._client.custom_query(query, params={"time": f"{at:.3f}"})
        except RefusedQueryError as error:
            raise _refused(query, error) from error.__cause__
        except (KeyError, TypeError) as error:
            raise self._strange(f"no data in it ({_in_words(error)})") from error
        if not isinstance(result, list):
            raise self._strange("its result is not a list")
        return result, self._session.warnings

    def _all_series(self, result: Iterable[Mapping[str, Any]], start: float, end: float) -> tuple[Series, ...]:
        try:
            return tuple(_series(entry, start, end) for entry in result)
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            raise self._strange(f"no series of samples ({_in_words(error)})") from error

    def _strange(self, what: str) -> PrometheusError:
        return PrometheusError(f"{self.url} does not answer like Prometheus: {what}")


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _refused(query: str, error: RefusedQueryError) -> RefusedQueryError:
    return RefusedQueryError(f"{error} (query: {_shortened(query)})", error.status, error.reason)


def _shortened(query: str) -> str:
    return query if len(query) <= LONGEST_URL_QUERY else f"{query[:LONGEST_URL_QUERY]}..."


def shown_address(url: str) -> str:
    """An address, or what was given for one, with asterisks for the user and the password in it.

    Without a query and a fragment, too, where people put tokens.
    """
    return _BEHIND.sub("", _SECRET.sub(r"\g<scheme>***@", url))


def _checked(url: str) -> str:
    if not url:
        raise PrometheusError(f"no address of Prometheus is given: {SET_ADDRESS}")
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket too many
        good = False
    if _BEHIND.search(url):
        raise PrometheusError(
            f"{shown_address(url)!r} with a query or a fragment behind it is no address of Prometheus, which ends with "
            "its path: remove what is behind that; a user and a password are given like http://USER:PASSWORD@HOST"
        )
    if not good:
        raise PrometheusError(
            f"{shown_address(url)!r} is no address of Prometheus: write it like http://prometheus.example:9090"
        )
    return url.rstrip("/")


def _series(entry: Mapping[str, Any], start: float, end: float) -> Series:
    """One entry of a matrix; samples that are not numbers (staleness and NaN) are left out."""
    labels = _labels(entry)
    if not isinstance(entry["values"], list):
        raise TypeError("samples that are no list")
    samples = (Sample(*_time_and_value(pair)) for pair in entry["values"])
    return Series(labels, tuple(_within(samples, start, end)))


def _labels(entry: Mapping[str, Any]) -> dict[str, str]:
    """The labels of an entry of an answer; raises TypeError where they are not texts by name."""
    labels = entry["metric"]
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise TypeError("labels that are not texts")
    return labels


def _time_and_value(pair: object) -> tuple[float, float]:
    """Time and value of a sample, which JSON gives as a number and a text; raises TypeError for anything else."""
    if not isinstance(pair, list) or len(pair) != 2:
        raise TypeError("a sample that is no pair")
    at, value = pair
    if isinstance(at, bool) or not isinstance(at, int | float) or not isinstance(value, str):
        raise TypeError("a sample that is no time and a value")
    return float(at), float(value)


def _within(samples: Iterable[Sample], start: float, end: float) -> Iterable[Sample]:
    return (sample for sample in samples if start <= sample.at <= end and math.isfinite(sample.value))
