"""What the gateway measures, besides the plain HTTP counters."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lab.workloads.buckets import TIME_TO_FIRST_TOKEN
from lab.workloads.gateway.failures import UpstreamFailure


class GatewayMetrics:
    """Upstreams and first bytes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._time_to_first_token = Histogram(
            "gateway_time_to_first_token_seconds",
            "From a request's arrival to the first byte of its streamed answer.",
            ["handler"],
            buckets=TIME_TO_FIRST_TOKEN,
            registry=registry,
        )
        self._failures = Counter(
            "gateway_upstream_failures_total",
            "Requests that an upstream failed, by what went wrong.",
            ["upstream", "reason"],
            registry=registry,
        )
        self._retries = Counter(
            "gateway_upstream_retries_total",
            "Second attempts after a connection could not be made and nothing had been sent.",
            ["upstream"],
            registry=registry,
        )
        self.in_flight = Gauge(
            "gateway_requests_in_flight", "Requests being passed through.", ["upstream"], registry=registry
        )

    def expect(self, upstream: str) -> None:
        """Start the series of an upstream at 0."""
        for reason in UpstreamFailure:
            self._failures.labels(upstream, reason.value)
        self._retries.labels(upstream)
        self.in_flight.labels(upstream)

    def first_token(self, handler: str, seconds: float) -> None:
        self._time_to_first_token.labels(handler).observe(seconds)

    def failed(self, upstream: str, reason: UpstreamFailure) -> None:
        self._failures.labels(upstream, reason.value).inc()

    def retried(self, upstream: str) -> None:
        self._retries.labels(upstream).inc()
