"""Queries whose defaults make data that are missing look like health, or like no traffic."""

from collections.abc import Iterator

from slos.model import EventRatio, Slo
from slos.problems import Problem
from slos.promql.presence import hides_absence, presence


def absence_problems(slo: Slo, ratio: EventRatio) -> Iterator[Problem]:
    """What is said when series of sound queries are missing. Raises PromqlError for a query that does not parse."""
    if presence(ratio.total).always:
        yield Problem(
            slo.place_of("indicator.total"),
            "the total is never absent: no data is read as no traffic, and the absence alert cannot fire",
            "leave `or vector(0)` away where nothing is known without the series",
            "warning",
        )
    if ratio.bad is not None and hides_absence(ratio.bad):
        yield Problem(
            slo.place_of("indicator.bad"),
            "`or vector(0)` stands for all of several series: without one of them there are no bad events",
            "put it around each series that may be missing: (sum(...) or vector(0))",
            "warning",
        )
