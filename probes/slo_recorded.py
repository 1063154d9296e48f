"""What Prometheus has recorded of SLOs: in as many queries for a thousand as for one."""

import re
from collections.abc import Collection

from clients.prometheus import LabelledValue, Prometheus, Vector
from slos.budget.recorded import Recorded
from slos.duration import format_duration
from slos.promql.selectors import quoted
from slos.rules.names import (
    BAD_EVENTS,
    BUDGET_REMAINING,
    BURN_RATE,
    CALENDAR_START,
    EVENTS,
    INFO,
    OBJECTIVE,
    WINDOW_COVERAGE,
)
from slos.tiers import SLICE_SECONDS

NAMED_AT_MOST = 200
"""More SLOs than these are all asked for, and chosen from here: matching a long regular expression takes longer."""
SLICE = format_duration(SLICE_SECONDS)
_KIND = "mlchaos_time_of"
_EVENTS, _BAD_EVENTS, _BUDGET, _BURN = "events", "bad_events", "budget", "burn"


def read_recorded(
    prometheus: Prometheus, at: float, names: Collection[str] = (), service: str | None = None
) -> Recorded:
    """The recorded series of every SLO, or of some, at the time `at` (seconds since the epoch): at most 9 queries.

    Raises PrometheusError when any of them cannot be asked.
    """
    reader = _Reader(prometheus, at)
    matchers = _matchers(names, service)
    infos = reader.read(selector(INFO, matchers))
    counted = any(info.labels.get("minimum_events") != "0" for info in infos)
    calendars = any(info.labels.get("calendar") for info in infos)
    long_times = reader.read(f"timestamp({selector(WINDOW_COVERAGE, matchers)})")
    objectives = reader.read(selector(OBJECTIVE, matchers))
    burn_rates = reader.read(selector(BURN_RATE, matchers))
    events = reader.read(_judging_events(matchers)) if counted else ()
    budgets = reader.read(selector(BUDGET_REMAINING, matchers))
    coverages = reader.read(selector(WINDOW_COVERAGE, matchers))
    times = _by_kind(reader.read(_times(matchers)))
    return Recorded(
        at=at,
        infos=infos,
        objectives=objectives,
        burn_rates=burn_rates,
        events=events,
        budgets=budgets,
        coverages=coverages,
        event_times=times[_EVENTS],
        bad_event_times=times[_BAD_EVENTS],
        budget_times=times[_BUDGET],
        burn_times=times[_BURN],
        long_times=long_times,
        calendar_starts=reader.read(CALENDAR_START) if calendars else (),
        warnings=tuple(reader.warnings),
    )


def selector(metric: str, matchers: Collection[str]) -> str:
    """The instant vector selector of a metric; matchers are such as `slo="a"`."""
    return f"{metric}{{{','.join(matchers)}}}" if matchers else metric


class _Reader:
    """Asks at one time, and gathers the warnings of all answers."""

    def __init__(self, prometheus: Prometheus, at: float) -> None:
        self._prometheus = prometheus
        self._at = at
        self.warnings: dict[str, None] = {}

    def read(self, query: str) -> tuple[LabelledValue, ...]:
        answer: Vector = self._prometheus.vector(query, self._at)
        self.warnings.update(dict.fromkeys(answer.warnings))
        return answer.samples


def _matchers(names: Collection[str], service: str | None) -> list[str]:
    matchers = [] if service is None else [f"service={quoted(service)}"]
    if len(names) == 1:
        matchers.append(f"slo={quoted(next(iter(names)))}")
    elif 1 < len(names) <= NAMED_AT_MOST:
        matchers.append(f"slo=~{quoted('|'.join(map(re.escape, sorted(names))))}")
    return matchers


def _judging_events(matchers: list[str]) -> str:
    """Events are only needed where an SLO judges by a number of them."""
    declaring = selector(INFO, [*matchers, 'minimum_events!="0"'])
    return f"{selector(EVENTS, matchers)} and on (slo) {declaring}"


def _times(matchers: list[str]) -> str:
    """The times of several series in one query; timestamp() takes their names off, so a label says what each is of."""
    at_slice = [*matchers, f"window={quoted(SLICE)}"]
    of = {
        _EVENTS: f"timestamp({selector(EVENTS, at_slice)})",
        _BAD_EVENTS: f"timestamp({selector(BAD_EVENTS, at_slice)})",
        _BUDGET: f"timestamp({selector(BUDGET_REMAINING, matchers)})",
        # Of the SLO's whole window, which slo:info names: the budget is made from that.
        _BURN: f"timestamp({selector(BURN_RATE, matchers)}) and on (slo, window) {selector(INFO, matchers)}",
    }
    return " or ".join(f'label_replace({one}, "{_KIND}", "{kind}", "", "")' for kind, one in of.items())


def _by_kind(samples: tuple[LabelledValue, ...]) -> dict[str, tuple[LabelledValue, ...]]:
    kinds = (_EVENTS, _BAD_EVENTS, _BUDGET, _BURN)
    return {kind: tuple(one for one in samples if one.labels.get(_KIND) == kind) for kind in kinds}
