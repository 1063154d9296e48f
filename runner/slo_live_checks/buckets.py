"""Latency thresholds that are no bucket edge of the live histogram."""

from collections.abc import Iterator, Sequence

from clients.prometheus_metadata import PrometheusMetadata, Refused, Values
from slos.model import LatencyThreshold, Slo
from slos.problems import Problem
from slos.promql import PromqlError, histogram_selector


def bucket_problems(slos: Sequence[Slo], metadata: PrometheusMetadata) -> Iterator[Problem]:
    """Compares thresholds with the edges that the histograms have now. One without any series is not judged here."""
    asked = [
        (slo, slo.indicator, _question(slo.indicator)) for slo in slos if isinstance(slo.indicator, LatencyThreshold)
    ]
    answers = metadata.answers([question for _, _, question in asked if question])
    for slo, latency, question in asked:
        answer = answers.get(question)
        if answer and not isinstance(answer, Refused):
            yield from _compared(slo, latency, edges(answer))


def edges(answer: Values) -> dict[float, float]:
    """Bucket edge -> how many series have it, of `count by (le)`. A label that is no number is no edge."""
    found: dict[float, float] = {}
    for sample in answer:
        try:
            edge = float(sample.labels.get("le", ""))
        except ValueError:
            continue
        found[edge] = found.get(edge, 0.0) + sample.value
    return dict(sorted(found.items()))


def edge_list(found: Sequence[float]) -> str:
    """The edges as one would write them."""
    return ", ".join(f"{edge:.15g}" if edge != float("inf") else "+Inf" for edge in sorted(found))


def _question(latency: LatencyThreshold) -> str:
    try:
        base = histogram_selector(latency.histogram)
    except PromqlError:
        return ""
    return f"count by (le) ({base.called(f'{base.name}_bucket')})"


def _compared(slo: Slo, latency: LatencyThreshold, found: dict[float, float]) -> Iterator[Problem]:
    place = slo.place_of("indicator.threshold")
    if latency.threshold not in found:
        below = [edge for edge in found if edge < latency.threshold]
        above = [edge for edge in found if latency.threshold < edge < float("inf")]
        nearest = [f"{edge:.15g}" for edge in (*below[-1:], *above[:1])]
        yield Problem(
            place,
            f"{latency.threshold:g} is no bucket edge of {latency.histogram}: its edges are {edge_list(list(found))}",
            f"write {' or '.join(nearest)}" if nearest else "select a histogram that has buckets",
        )
    elif found[latency.threshold] < max(found.values()):
        lacking = max(found.values()) - found[latency.threshold]
        yield Problem(
            place,
            f"{lacking:g} of the series that {latency.histogram} selects have no bucket edge {latency.threshold:g}, so "
            "that all their events count as slow",
            "select only those that have it, or write an edge that all have",
            "warning",
        )
