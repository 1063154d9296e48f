"""What the users see: the client's side of every SLI."""

from enum import Enum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lab.workloads.buckets import HTTP_REQUEST, INTER_TOKEN, TIME_TO_FIRST_TOKEN

LLM, RANKER = "llm", "ranker"
TARGETS = (LLM, RANKER)


class Outcome(Enum):
    """How a request ended for its user."""

    OK = "ok"
    ERROR = "error"  # an error status, a connection that broke, an answer cut short, a certificate refused
    TIMEOUT = "timeout"  # the user gave up waiting
    REFUSED = "refused"  # nobody listens


class LoadMetrics:
    """Counters and histograms per target."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "loadgen_requests_total", "Requests that have ended.", ["target", "outcome"], registry=registry
        )
        self._duration = Histogram(
            "loadgen_request_duration_seconds",
            "Time from sending a request to its end, whatever the outcome.",
            ["target"],
            buckets=HTTP_REQUEST,
            registry=registry,
        )
        self._first_token = Histogram(
            "loadgen_time_to_first_token_seconds",
            "Time from sending a chat completion to its first token.",
            buckets=TIME_TO_FIRST_TOKEN,
            registry=registry,
        )
        self._inter_token = Histogram(
            "loadgen_inter_token_seconds",
            "Time between two tokens of an answer.",
            buckets=INTER_TOKEN,
            registry=registry,
        )
        self.in_flight = Gauge("loadgen_in_flight", "Requests without an end yet.", ["target"], registry=registry)
        self._handshakes = Counter(
            "loadgen_tls_handshake_failures_total",
            "Connections given up because the gateway's certificate was not acceptable.",
            ["target"],
            registry=registry,
        )
        for target in TARGETS:
            self._duration.labels(target)
            self.in_flight.labels(target)
            self._handshakes.labels(target)
            for outcome in Outcome:
                self._requests.labels(target, outcome.value)

    def ended(self, target: str, outcome: Outcome, seconds: float) -> None:
        self._requests.labels(target, outcome.value).inc()
        self._duration.labels(target).observe(seconds)

    def first_token(self, seconds: float) -> None:
        self._first_token.observe(seconds)

    def next_token(self, seconds: float) -> None:
        self._inter_token.observe(seconds)

    def handshake_failed(self, target: str) -> None:
        self._handshakes.labels(target).inc()
