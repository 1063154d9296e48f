"""What the checks ask of a Prometheus."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from clients.prometheus_metadata import Refused, Values


class Metadata(Protocol):
    """A Prometheus, as clients.prometheus_metadata reads it; each method raises PrometheusError."""

    url: str

    def retention(self) -> str | None:
        """How long samples are kept, such as `15d or 10GiB`; None where that is not told."""

    def metric_types(self) -> Mapping[str, frozenset[str]] | None:
        """The types that targets give a metric, by its name; None where they are not told."""

    def metric_names(self) -> tuple[str, ...]:
        """The name of every metric."""

    def answers(self, questions: Sequence[str]) -> dict[str, Values | Refused]:
        """What each of many expressions gives at present."""
