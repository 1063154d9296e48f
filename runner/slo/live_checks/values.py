"""Ratios and gauges that give several series now, or that Prometheus itself does not take for queries."""

from collections.abc import Iterator, Sequence

from clients.prometheus_metadata import Refused
from runner.slo.live_checks.metadata import Metadata
from slos.model import GaugeThreshold, RawRatio, Slo
from slos.problems import Problem
from slos.promql.counting import gives_scalar
from slos.promql.language import PromqlError, at_window, parse
from slos.tiers import SLICE_SECONDS

_PART = "indicator.query"


def value_problems(slos: Sequence[Slo], metadata: Metadata) -> Iterator[Problem]:
    """Evaluates the queries of raw ratios and gauge thresholds once, over their shortest window."""
    asked = [(slo, question) for slo in slos if (question := _question(slo))]
    answers = metadata.answers([question for _, question in asked])
    for slo, question in asked:
        answer = answers[question]
        if isinstance(answer, Refused):
            yield Problem(slo.place_of(_PART), answer.reason, "correct the query")
        elif answer and answer[0].value > 1:
            yield Problem(
                slo.place_of(_PART),
                f"the query gives {answer[0].value:g} series at present, of which the worst decides",
                "say what is meant: put sum(...), min(...) or max(...) around it",
                "warning",
            )


def _question(slo: Slo) -> str:
    match slo.indicator:
        case RawRatio(query=query):
            seconds = SLICE_SECONDS
        case GaugeThreshold(query=query, slice_seconds=seconds):
            pass
        case _:
            return ""
    try:
        if gives_scalar(parse(query)):
            return ""
        return f"count({at_window(query, seconds)})"
    except PromqlError:
        return ""
