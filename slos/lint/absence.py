"""Queries whose defaults make data that are missing look like health, or like no traffic."""

from collections.abc import Iterator

from slos.model import EventRatio, Slo
from slos.problems import Problem
from slos.promql.presence import added_without_default, hides_absence, presence


def absence_problems(slo: Slo, ratio: EventRatio) -> Iterator[Problem]:
    """What is said when series of sound queries are missing. Raises PromqlError for a query that does not parse."""
    if presence(ratio.total).always:
        yield Problem(
            slo.place_of("indicator.total"),
            "the total is never absent: no data is read as no traffic, and the absence alert cannot fire",
            "leave `or vector(0)` away where nothing is known without the series",
            "warning",
        )
    if ratio.bad is None:
        return
    if hides_absence(ratio.bad):
        yield Problem(
            slo.place_of("indicator.bad"),
            "`or vector(0)` stands for all of several series: without one of them there are no bad events",
            "put it around each series that may be missing: (sum(...) or vector(0))",
            "warning",
        )
    needed = [] if presence(ratio.bad).of_one_counter else _added_beside(ratio)
    if needed:
        yield Problem(
            slo.place_of("indicator.bad"),
            f"nothing is known of the SLO before there is any {' and any '.join(needed)}",
            "put (... or vector(0)) around what counts errors and does not exist before the first",
            "warning",
        )


def _added_beside(ratio: EventRatio) -> list[str]:
    """Counters that bad events are the sum of, and without which only these are unknown."""
    total = presence(ratio.total).needs or frozenset()
    return [series for series in added_without_default(ratio.bad or "") if series not in total]
