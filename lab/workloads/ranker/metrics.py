"""What the ranker measures: Triton's inference counters and the state of the features."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_READ_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)


class RankerMetrics:
    """Counters for one model version.

    Triton's counters do not end in _total, which prometheus_client always appends: they are kept here as plain numbers
    and written out by `triton_text`.
    """

    def __init__(self, registry: CollectorRegistry, model: str, version: str) -> None:
        self._labels = f'{{model="{model}",version="{version}"}}'
        self._success = 0
        self._failure = 0
        self._duration_us = 0
        self._read = Histogram(
            "feature_read_seconds",
            "Time to read the features of one request, failures included.",
            buckets=_READ_BUCKETS,
            registry=registry,
        )
        self._updated_at = Gauge(
            "feature_last_update_timestamp_seconds",
            "When the features last read were refreshed, as a Unix time.",
            registry=registry,
        )
        self._unknown = Counter(
            "feature_unknown_ids_total",
            "Users and items that the feature store did not know.",
            registry=registry,
        )

    def inference_done(self, seconds: float) -> None:
        self._success += 1
        self._duration_us += round(seconds * 1e6)

    def inference_failed(self) -> None:
        """Count a failure, without its time: quick refusals must not make the model look fast."""
        self._failure += 1

    def feature_read(self, seconds: float) -> None:
        self._read.observe(seconds)

    def features_updated(self, timestamp: float) -> None:
        self._updated_at.set(timestamp)

    def unknown_ids(self, count: int) -> None:
        self._unknown.inc(count)

    def triton_text(self) -> str:
        """Triton's counters in the text format."""
        rows = (
            ("nv_inference_request_success", "Successful inference requests.", self._success),
            ("nv_inference_request_failure", "Failed inference requests.", self._failure),
            (
                "nv_inference_request_duration_us",
                "Time spent on inference requests, in microseconds.",
                self._duration_us,
            ),
        )
        return "".join(
            f"# HELP {name} {text}\n# TYPE {name} counter\n{name}{self._labels} {value}\n" for name, text, value in rows
        )
