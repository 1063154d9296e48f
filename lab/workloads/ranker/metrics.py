"""What the ranker measures: Triton's inference counters and the state of the features."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

FAILURE_REASONS = ("REJECTED", "CANCELED", "BACKEND", "OTHER")
"""Triton's, which starts all of them at 0. What fails here is what the model needs: BACKEND."""

_READ_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)


class RankerMetrics:
    """Counters for one model version.

    Triton's counters do not end in _total, which prometheus_client always appends: they are kept here as plain numbers
    and written out by `triton_text`.
    """

    def __init__(self, registry: CollectorRegistry, model: str, version: str) -> None:
        self._model = f'model="{model}"'
        self._version = f'version="{version}"'
        self._success = 0
        self._backend_failure = 0
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
        self._backend_failure += 1

    def feature_read(self, seconds: float) -> None:
        self._read.observe(seconds)

    def features_updated(self, timestamp: float) -> None:
        self._updated_at.set(timestamp)

    def unknown_ids(self, count: int) -> None:
        self._unknown.inc(count)

    def triton_text(self) -> str:
        """Triton's counters in the text format."""
        plain = f"{self._model},{self._version}"
        failures = {
            f'{self._model},reason="{reason}",{self._version}': self._backend_failure if reason == "BACKEND" else 0
            for reason in FAILURE_REASONS
        }
        families = (
            ("nv_inference_request_success", "Successful inference requests.", {plain: self._success}),
            ("nv_inference_request_failure", "Failed inference requests.", failures),
            (
                "nv_inference_request_duration_us",
                "Time spent on inference requests, in microseconds.",
                {plain: self._duration_us},
            ),
        )
        lines = []
        for name, text, values in families:
            lines += [f"# HELP {name} {text}", f"# TYPE {name} counter"]
            lines += [f"{name}{{{labels}}} {value}" for labels, value in values.items()]
        return "\n".join(lines) + "\n"
