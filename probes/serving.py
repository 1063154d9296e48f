"""Probes of a serving stack: how many requests are answered, and how soon the first token comes.

Each reads the real events of a short window from Prometheus. A reading that is unknown (no data, no traffic, a window
that does not fill) is raised, never returned, so that no tolerance can let it pass.
"""

import inspect
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from clients.prometheus import Prometheus, PrometheusError, Unknown
from probes.counters import span
from probes.reading import NoReadingError
from probes.sli import HISTORY_SECONDS, Counts, EventRatio, LatencyShare, NotYet, Sli, history_seconds, measure

logger = logging.getLogger("chaostoolkit")

POLL_SECONDS = 0.5
WINDOW_SECONDS = 10.0
SAY_AFTER_SECONDS = 2.0
SERVER_ERRORS = {"status": "5.."}
"""Matches both the status itself (503) and the class that some exporters write (5xx)."""


def availability_sli(
    selector: str, metric: str = "http_requests_total", bad: Mapping[str, str] | None = None
) -> EventRatio:
    """Requests that did not end in a server's error, of all requests. `selector`: PromQL label matchers."""
    return EventRatio("availability", metric, selector, SERVER_ERRORS if bad is None else bad)


def first_token_sli(
    selector: str, threshold_seconds: float = 0.5, metric: str = "vllm:time_to_first_token_seconds"
) -> LatencyShare:
    """Requests whose first token came within the threshold, a bucket edge. `selector`: PromQL label matchers."""
    return LatencyShare("first token in time", metric, selector, threshold_seconds)


@dataclass(frozen=True, slots=True)
class Declared:
    """What a probe of this module reads, and where."""

    sli: Sli
    prometheus_url: str
    window_seconds: float


def declared(function: str, arguments: Mapping[str, Any]) -> Declared | None:
    """What the probe `function` of this module would read with these arguments; None when it reads no SLI."""
    declarations: dict[str, Callable[..., Sli]] = {
        "availability": availability_sli,
        "first_token_in_time": first_token_sli,
    }
    declare = declarations.get(function)
    if declare is None:
        return None
    taken = inspect.signature(declare).parameters
    sli = declare(**{name: value for name, value in arguments.items() if name in taken})
    return Declared(sli, str(arguments["prometheus_url"]), float(arguments.get("window_seconds", WINDOW_SECONDS)))


def availability(
    prometheus_url: str,
    selector: str,
    metric: str = "http_requests_total",
    bad: Mapping[str, str] | None = None,
    window_seconds: float = WINDOW_SECONDS,
    fill_within_seconds: float = 20.0,
) -> dict[str, Any]:
    """Probe: the share of requests that were answered, over the last `window_seconds`.

    `bad` maps labels to anchored regular expressions that all match on a failed request. When Prometheus does not have
    the whole window yet, it is waited for, for at most `fill_within_seconds`.
    """
    return _probe(availability_sli(selector, metric, bad), prometheus_url, window_seconds, fill_within_seconds)


def first_token_in_time(
    prometheus_url: str,
    selector: str,
    threshold_seconds: float = 0.5,
    metric: str = "vllm:time_to_first_token_seconds",
    window_seconds: float = WINDOW_SECONDS,
    fill_within_seconds: float = 20.0,
) -> dict[str, Any]:
    """Probe: the share of requests whose first token came in time, over the last `window_seconds`.

    `threshold_seconds` must be one of the histogram's bucket edges.
    """
    sli = first_token_sli(selector, threshold_seconds, metric)
    return _probe(sli, prometheus_url, window_seconds, fill_within_seconds)


def observed(
    prometheus_url: str,
    selector: str,
    metric: str = "http_requests_total",
    seconds: float = WINDOW_SECONDS,
    settle_seconds: float = 2.0,
    patience_seconds: float = 30.0,
) -> dict[str, Any]:
    """Probe: wait until Prometheus has scraped `metric` for `seconds` more, so that what follows reads those seconds.

    They begin `settle_seconds` from now: at least a scrape interval, since a window reaches back to the scrape before
    it. It is the data that is waited for, not the clock: fails when they are not there `patience_seconds` after they
    were due.
    """
    started = time.time()
    wanted = started + settle_seconds + seconds
    query = f"{metric}{{{selector}}}"
    logger.info("Watching the load for %g s", settle_seconds + seconds)
    with Prometheus(prometheus_url) as prometheus:
        while True:
            now = time.time()
            newest, reason = _newest(prometheus, query, now)
            if newest is not None and newest >= wanted:
                return {"from": started + settle_seconds, "to": newest}
            if now > wanted + patience_seconds:
                raise NoReadingError(f"{query} was not scraped when it was due, {patience_seconds:g} s ago: {reason}")
            time.sleep(POLL_SECONDS)


def _newest(prometheus: Prometheus, query: str, now: float) -> tuple[float | None, str]:
    """The time of the newest sample, or None; and in words how far the data go. A failed read may succeed later."""
    try:
        covered = span(prometheus.raw(query, now - HISTORY_SECONDS, now).series)
    except PrometheusError as error:
        return None, str(error)
    if covered is None:
        return None, "there are none"
    return covered.newest, f"the newest is {now - covered.newest:.1f} s old"


def _probe(sli: Sli, url: str, window: float, fill_within: float) -> dict[str, Any]:
    counts, share, at = read(sli, url, window, fill_within)
    logger.info("%s: %.2f%% (%.0f of %.0f in %g s)", sli.name, 100 * share, counts.good, counts.total, window)
    return {"share": share, "good": counts.good, "total": counts.total, "window_seconds": window, "at": at}


def read(sli: Sli, url: str, window: float, fill_within: float) -> tuple[Counts, float, float]:
    """The SLI's events over the last `window` seconds, their good share, and the time that they were read for.

    Raises NoReadingError when the SLI is unknown.
    """
    started = time.monotonic()
    said = False
    with Prometheus(url) as prometheus:
        while True:
            now = time.time()
            answer = prometheus.raw(sli.selector, now - window - history_seconds(window), now)
            measured = measure(sli, answer.series, now - window, now)
            if not isinstance(measured, NotYet):
                break
            waited = time.monotonic() - started
            if waited > fill_within:
                raise NoReadingError(f"{sli.name} is unknown: {measured.reason} (waited {fill_within:g} s)")
            if waited > SAY_AFTER_SECONDS and not said:
                logger.info("Waiting up to %g s for data of %s: %s", fill_within, sli.name, measured.reason)
                said = True
            time.sleep(POLL_SECONDS)
    for warning in answer.warnings:
        logger.warning("Prometheus warns about %s: %s", sli.name, warning)
    if isinstance(measured.share, Unknown):
        raise NoReadingError(f"{sli.name} is unknown: {measured.share.reason}")
    return measured.counts, measured.share.value, now
