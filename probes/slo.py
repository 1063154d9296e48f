"""Probes of SLOs, for the steady-state hypothesis of any experiment: burn rate, budget left, SLI, state.

They read what the rules of `chaos slo rules` record. Each gives a Reading: the value that a tolerance judges, the time
of the newest sample that it rests on, and PromQL that shows it.

What is unknown (no data, no traffic, stale, incomplete, not recorded) is raised, never returned, so that no tolerance
can let it pass. docs/slo-probes.md shows an experiment.
"""

import logging
import os
import time

from clients.prometheus import Prometheus, PrometheusError
from probes.reading import NoReadingError, Reading
from probes.slo_recorded import read_recorded, selector
from slos.budget.status import SloStatus, judge
from slos.duration import DurationError, format_duration, parse_duration
from slos.promql.selectors import quoted
from slos.rules.names import BUDGET_REMAINING, BURN_RATE, OBJECTIVE

logger = logging.getLogger("chaostoolkit")

TIMEOUT_SECONDS = 10.0
_NO_EVENTS = "there were no events in that time, or fewer than the SLO judges by"


def burn_rate(
    slo: str, window: str = "1h", prometheus_url: str | None = None, timeout_seconds: float = TIMEOUT_SECONDS
) -> Reading:
    """Probe: how fast the SLO's budget burns over a recorded window (`5m`, `1h`, its own); 1 just spends it.

    `prometheus_url` is $PROMETHEUS_URL when it is not given.
    """
    status = _status(slo, prometheus_url, timeout_seconds)
    label = _label(window)
    if status.burn and label not in status.burn:
        raise NoReadingError(f"no burn rate of {slo} is recorded over {window}: choose from {', '.join(status.burn)}")
    query = selector(BURN_RATE, [f"slo={quoted(slo)}", f"window={quoted(label)}"])
    return _reading(status, f"burn rate over {label}", status.burn.get(label), query)


def budget_left(slo: str, prometheus_url: str | None = None, timeout_seconds: float = TIMEOUT_SECONDS) -> Reading:
    """Probe: the share of the SLO's error budget that is left: 1 is all of it, negative is overspent."""
    status = _status(slo, prometheus_url, timeout_seconds)
    return _reading(status, "budget left", status.budget_left, selector(BUDGET_REMAINING, [f"slo={quoted(slo)}"]))


def sli_value(slo: str, prometheus_url: str | None = None, timeout_seconds: float = TIMEOUT_SECONDS) -> Reading:
    """Probe: the SLI over the SLO's window: the share of events that were good, 0..1."""
    status = _status(slo, prometheus_url, timeout_seconds)
    of_slo = [f"slo={quoted(slo)}"]
    left, objective = selector(BUDGET_REMAINING, of_slo), selector(OBJECTIVE, of_slo)
    return _reading(status, "SLI", status.sli, f"1 - (1 - {left}) * (1 - {objective})")


def state(slo: str, prometheus_url: str | None = None, timeout_seconds: float = TIMEOUT_SECONDS) -> Reading:
    """Probe: `good`, `burning` or `exhausted`."""
    status = _status(slo, prometheus_url, timeout_seconds)
    known = None if status.state == "unknown" else status.state
    return _reading(status, "state", known, f'{{__name__=~"slo:.+",slo={quoted(slo)}}}')


def _status(slo: str, url: str | None, timeout: float) -> SloStatus:
    address = url or os.environ.get("PROMETHEUS_URL", "")
    try:
        with Prometheus(address, timeout=timeout) as prometheus:
            (status,) = judge(read_recorded(prometheus, time.time(), [slo]), [slo])
    except PrometheusError as error:
        raise NoReadingError(f"SLO {slo} is unknown: {error}") from error
    return status


def _reading(status: SloStatus, what: str, value: float | str | None, query: str) -> Reading:
    if value is None or status.read_at is None:
        raise NoReadingError(f"{what} of SLO {status.name} is unknown: {'; '.join(status.reasons) or _NO_EVENTS}")
    shown = value if isinstance(value, str) else f"{value:.4g}"
    logger.info("%s of SLO %s: %s", what, status.name, shown)
    return Reading(value=value, slo=status.name, at=status.read_at, query=query)


def _label(window: str) -> str:
    """However a duration is written; calendar windows are words."""
    try:
        return format_duration(parse_duration(window))
    except DurationError:
        return window
