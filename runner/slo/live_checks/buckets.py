"""Latency thresholds that are no bucket edge of the live histogram."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from clients.prometheus_metadata import Refused, Values
from runner.slo.live_checks.metadata import Metadata
from slos.model import LatencyThreshold, Slo
from slos.problems import Problem
from slos.promql.language import PromqlError, histogram_selector
from slos.promql.selectors import Selector


def bucket_problems(slos: Sequence[Slo], metadata: Metadata) -> Iterator[Problem]:
    """Compares thresholds with the edges that the histograms have now. One without any series is not judged here."""
    asked = [(slo, latency, base) for slo in slos for latency, base in _histogram(slo)]
    answers = metadata.answers([question for _, _, base in asked for question in (_edges_of(base), _number_of(base))])
    for slo, latency, base in asked:
        found, there = answers[_edges_of(base)], answers[_number_of(base)]
        if found and not isinstance(found, Refused):
            yield from _compared(slo, latency, edges(found))
        elif there and not isinstance(there, Refused):
            yield Problem(
                slo.place_of("indicator.histogram"),
                f"{base} has no buckets: it is a summary, or a native histogram",
                "select a classic histogram",
            )


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


def _histogram(slo: Slo) -> Iterator[tuple[LatencyThreshold, Selector]]:
    """The latency threshold that an SLO has, and its histogram, if it is one."""
    if isinstance(slo.indicator, LatencyThreshold):
        with suppress(PromqlError):
            yield slo.indicator, histogram_selector(slo.indicator.histogram)


def _edges_of(base: Selector) -> str:
    return f"count by (le) ({base.called(f'{base.name}_bucket')})"


def _number_of(base: Selector) -> str:
    return f"count({base.called(f'{base.name}_count')})"


def _compared(slo: Slo, latency: LatencyThreshold, found: dict[float, float]) -> Iterator[Problem]:
    place = slo.place_of("indicator.threshold")
    if latency.threshold not in found:
        yield Problem(
            place,
            f"{latency.threshold:g} is no bucket edge of {latency.histogram}: its edges are {edge_list(list(found))}",
            _other_edge(latency.threshold, [edge for edge in found if edge < float("inf")]),
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


def _other_edge(threshold: float, finite: Sequence[float]) -> str:
    """The edges around a threshold that is none, which may be in milliseconds where the histogram is in seconds."""
    if not finite:
        return "select a histogram that has buckets"
    seconds = threshold / 1000
    if threshold > finite[-1] and finite[0] <= seconds <= finite[-1]:
        return f"write {_around(seconds, finite)}, if {threshold:g} are milliseconds and the histogram is in seconds"
    return f"write {_around(threshold, finite)}"


def _around(threshold: float, finite: Sequence[float]) -> str:
    below = [edge for edge in finite if edge <= threshold]
    above = [edge for edge in finite if edge > threshold]
    nearest = below[-1:] if threshold in below else (*below[-1:], *above[:1])
    return " or ".join(f"{edge:.15g}" for edge in nearest)
