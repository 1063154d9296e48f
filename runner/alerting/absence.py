"""The alert for an SLI without data: when its events could not be counted any more, and when that should fire."""

from collections.abc import Sequence

from clients.prometheus import Prometheus
from runner.alerting.look import Crossing, Prediction
from slos.duration import scaled
from slos.model import Slo
from slos.rules.counts import counts
from slos.tiers import SLICE_SECONDS

MOST_POINTS = 400
SHORTEST_STEP_SECONDS = 0.1


def absent_crossing(prometheus: Prometheus, slo: Slo, time_scale: float, start: float, end: float) -> Crossing:
    """Since when the events of a slice were not counted, in [start, end] (since the epoch). Raises PrometheusError."""
    step = round(max((end - start) / MOST_POINTS, SHORTEST_STEP_SECONDS), 3)
    expressions = counts(slo.indicator, SLICE_SECONDS, time_scale)
    query = f"absent({expressions.total}) or absent({expressions.bad})"
    answer = prometheus.matrix(query, round(start, 3), end, step)
    return absence(slo, sorted(sample.at for one in answer.series for sample in one.samples), step)


def absence(slo: Slo, instants: Sequence[float], step: float) -> Crossing:
    """The beginning of the last stretch of instants (times without data, in order)."""
    began: float | None = None
    last: float | None = None
    for at in instants:
        if last is None or at - last > 1.5 * step:
            began = at
        last = at
    if began is None:
        return Crossing(None, f"the events of SLO {slo.name} could be counted all the time")
    return Crossing(began, "its events could not be counted any more")


def absent_prediction(slo: Slo, time_scale: float, crossing: Crossing, evaluations: Sequence[float]) -> Prediction:
    """The first evaluation that comes `for` after the one that saw it."""
    if crossing.at is None or slo.alerting.absent is None:
        return Prediction(None, crossing.detail)
    declared = slo.alerting.absent.for_seconds
    waits = scaled(declared, time_scale) if declared else 0.0
    pending = next((at for at in evaluations if at >= crossing.at), None)
    if pending is None:
        return Prediction(None, "the rules were not evaluated after that")
    at = next((at for at in evaluations if at >= pending + waits - 1e-6), None)
    told = f"no data since the evaluation {pending - crossing.at:.1f} s later, for {waits:g} s"
    return Prediction(at, told if at is not None else "the rules were not evaluated for long enough after that")
