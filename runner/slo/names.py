"""The names of recorded SLOs, for those who typed another."""

from collections.abc import Collection
from difflib import get_close_matches

from clients.prometheus import Prometheus
from slos.rules.names import INFO


def recorded_names(prometheus: Prometheus, at: float) -> tuple[str, ...]:
    """Every SLO that is recorded at the time `at` (epoch seconds). Raises PrometheusError."""
    return tuple(sorted({str(one.labels.get("slo", "")) for one in prometheus.vector(INFO, at).samples}))


def did_you_mean(name: str, recorded: Collection[str]) -> str | None:
    """A question that names those that are like it; None when none is."""
    close = get_close_matches(name, recorded, n=3)
    return f"did you mean {' or '.join(close)}?" if close else None
