"""Watching SLOs while something is broken: bad and all events of many SLOs in one query, again and again.

They are counted straight from the indicators' own series, over a short window of real time and over the time since the
fault began: recorded rules come too late for somebody who has to take a fault out within half a second.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from clients.prometheus import Known, Prometheus, PrometheusError, Reading, Unknown
from slos.burn import Counts, burn_rate
from slos.model import RollingWindow, Slo
from slos.promql.indicators import reads
from slos.rules.counts import CountExpressions, counts
from slos.rules.windows import period

LABEL = "mlchaos_watch"
"""Tells the values of an answer apart: `<number of the SLO>:<what>`."""
SPEND_STEP_SECONDS = 5.0
"""The window since the fault grows in such steps, so that the query is not made anew at every tick."""
STALE_SHARE = 0.5
"""A newest sample that is older than this share of the window is unknown: a window has to hold four scrapes."""
STALE_AT_LEAST_SECONDS = 5.0


def stale_after(window: float) -> float:
    """How old the newest sample of a reading over `window` may be; both in seconds.

    So a reading taken that long after something happened has seen it.
    """
    return max(window * STALE_SHARE, STALE_AT_LEAST_SECONDS)


@dataclass(frozen=True, slots=True)
class WatchedSlo:
    """How one SLO does now.

    `burn` is its burn rate over the watched window. `spend` is the share of the error budget of the SLO's own window
    that has gone since the fault, if the window's traffic is like the run's; Known 0 while there was no fault.
    """

    name: str
    burn: Reading
    spend: Reading


@dataclass(frozen=True, slots=True)
class Watched:
    """One look at all SLOs of a run, `at` seconds since the epoch."""

    at: float
    slos: tuple[WatchedSlo, ...]


class SloWatch:
    """Reads the same SLOs again and again. `window_seconds` is real time; `time_scale` is that of the SLOs' rules."""

    def __init__(self, prometheus: Prometheus, slos: Sequence[Slo], time_scale: float, window_seconds: float) -> None:
        self._prometheus = prometheus
        self._slos = tuple(slos)
        self._time_scale = time_scale
        self._window = window_seconds
        self._queries: dict[float | None, str] = {}

    def read(self, at: float, since: float | None = None) -> Watched:
        """How every SLO does at the time `at`, and what it has spent `since` the fault (None: there is none).

        Times are seconds since the epoch. Never raises for an SLO without data; PrometheusError where nothing could be
        asked.
        """
        spend_window = spent_over(self._window, at, since)
        fetched = self._prometheus.query_encoded(self._query(spend_window), at)
        if fetched.warnings:
            doubt = Unknown(f"Prometheus warns: {'; '.join(fetched.warnings)}")
            return Watched(at, tuple(WatchedSlo(slo.name, doubt, doubt) for slo in self._slos))
        try:
            values = by_label(fetched.data["result"])
        except (LookupError, TypeError, ValueError) as error:
            raise PrometheusError(f"{self._prometheus.url} does not answer like Prometheus: {error!r}") from error
        return Watched(
            at,
            tuple(
                watched(slo, index, values, at, self._window, spend_window, self._time_scale)
                for index, slo in enumerate(self._slos)
            ),
        )

    def _query(self, spend_window: float | None) -> str:
        """Made and encoded once for each window: both take longer than asking."""
        if spend_window not in self._queries:
            self._queries.clear()
            query = watch_query(self._slos, self._time_scale, self._window, spend_window)
            self._queries[spend_window] = quote_plus(query)
        return self._queries[spend_window]

    def unread(self, at: float, reason: str) -> Watched:
        """The reading where there is none."""
        nothing = Unknown(reason)
        return Watched(at, tuple(WatchedSlo(slo.name, nothing, nothing) for slo in self._slos))


def spent_over(window_seconds: float, at: float, since: float | None) -> float | None:
    """The window over which the spend is counted: at least the watched one, growing with the time since the fault."""
    if since is None:
        return None
    steps = math.ceil(max(at - since, 0.0) / SPEND_STEP_SECONDS)
    return max(window_seconds, steps * SPEND_STEP_SECONDS)


def watch_query(slos: Sequence[Slo], time_scale: float, window: float, spend_window: float | None) -> str:
    """PromQL that gives everything about all of them at once. Raises PromqlError for an SLO that counts no events."""
    windows = {"now": window}
    if spend_window is not None and spend_window > window:
        windows["spent"] = spend_window
    parts: list[str] = []
    for index, slo in enumerate(slos):
        for what, seconds in windows.items():
            expressions = _counts(slo, seconds, time_scale)
            parts.append(_labelled(expressions.bad, f"{index}:{what}:bad"))
            parts.append(_labelled(expressions.total, f"{index}:{what}:total"))
        parts.append(_labelled(_newest(slo), f"{index}:newest"))
    return "\nor ".join(parts)


def watched(
    slo: Slo,
    index: int,
    values: Mapping[str, float],
    at: float,
    window: float,
    spend_window: float | None,
    time_scale: float,
) -> WatchedSlo:
    """What the answer's values say of one SLO."""
    newest = values.get(f"{index}:newest")
    stale = stale_after(window)
    if newest is None:
        nothing = Unknown(f"SLO {slo.name}: none of its series has a sample now")
        return WatchedSlo(slo.name, nothing, nothing)
    if at - newest > stale:
        old = Unknown(f"SLO {slo.name}: its newest sample is {at - newest:.0f} s old, and {stale:g} s are allowed")
        return WatchedSlo(slo.name, old, old)
    now = _events(slo, values, f"{index}:now", window)
    burn = _burn(slo, now, at)
    if spend_window is None:
        return WatchedSlo(slo.name, burn, Known(0.0, at))
    since = now if spend_window <= window else _events(slo, values, f"{index}:spent", spend_window)
    return WatchedSlo(slo.name, burn, _spend(slo, since, at, spend_window, time_scale))


def by_label(result: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """The values of an instant vector, as JSON has it, by what they are of; what is no number is left out.

    Raises LookupError, TypeError or ValueError for what is no vector. It is read here, without clients.prometheus's
    values for everything, because it is read four times a second.
    """
    values = {entry["metric"][LABEL]: float(entry["value"][1]) for entry in result}
    return {label: value for label, value in values.items() if math.isfinite(value)}


def _counts(slo: Slo, seconds: float, time_scale: float) -> CountExpressions:
    """Over real seconds: the SLO's rules divide what they are given by the time scale."""
    return counts(slo.indicator, seconds * time_scale, time_scale)


def _newest(slo: Slo) -> str:
    """The time of the newest sample of what the SLO counts by: of its totals where it has such."""
    every = reads(slo.indicator)
    totals = [read for read in every if read.role == "total"] or list(every)
    selectors = dict.fromkeys(str(read.selector) for read in totals)
    return f"max({' or '.join(f'timestamp({selector})' for selector in selectors)})"


def _labelled(expression: str, label: str) -> str:
    return f'label_replace({expression}, "{LABEL}", "{label}", "", "")'


def _events(slo: Slo, values: Mapping[str, float], key: str, seconds: float) -> Counts | Unknown:
    bad, total = values.get(f"{key}:bad"), values.get(f"{key}:total")
    if total is None or bad is None:
        return Unknown(f"SLO {slo.name}: its events of {seconds:g} s cannot be counted (too few samples?)")
    if total <= 0:
        return Unknown(f"SLO {slo.name}: no events in {seconds:g} s")
    if total < slo.minimum_events:
        return Unknown(f"SLO {slo.name}: {total:.0f} events in {seconds:g} s, and it judges by {slo.minimum_events:g}")
    return Counts(max(bad, 0.0), total)


def _burn(slo: Slo, events: Counts | Unknown, at: float) -> Reading:
    if isinstance(events, Unknown):
        return events
    return Known(burn_rate(events.error_ratio or 0.0, slo.objective), at)


def _spend(slo: Slo, events: Counts | Unknown, at: float, seconds: float, time_scale: float) -> Reading:
    """Share of the budget of the whole window: burn x time / window, with as much traffic in the rest of the window."""
    if isinstance(events, Unknown):
        return events
    whole = slo.window.seconds if isinstance(slo.window, RollingWindow) else period(slo, time_scale).seconds
    return Known(burn_rate(events.error_ratio or 0.0, slo.objective) * seconds * time_scale / whole, at)
