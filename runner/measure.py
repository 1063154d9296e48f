"""Reading what a run cost from Prometheus, once, when it has ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clients.prometheus import Known, Prometheus, PrometheusError, Reading, Series, Unknown
from probes.counters import oldest_at_or_after
from probes.sli import DeclarationError, EventRatio, LatencyShare, NotYet, Sli, history_seconds, measure
from runner.declared import ClientCounter, Objective, client_counter, objectives
from runner.phases import Phase, never_read, phases, read_phase, time_to_recover, unread
from runner.run_summary import LostRequests, SliSummary


@dataclass(frozen=True, slots=True)
class Cost:
    """What Prometheus says about a run."""

    slis: tuple[SliSummary, ...] = ()
    lost: LostRequests | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Times:
    """When things happened, seconds since the epoch.

    `ready_at` is when the workload was whole and without a fault; None when it did not become so.
    """

    method_at: float
    fault_at: float
    ready_at: float | None
    ended_at: float


@dataclass(slots=True)
class _Samples:
    """Samples of one SLI, or why there are none."""

    series: tuple[Series, ...] = ()
    failure: str = ""
    warnings: tuple[str, ...] = field(default_factory=tuple)


def measure_cost(experiment: Mapping[str, Any], configuration: Mapping[str, Any], times: Times) -> Cost:
    """Read every SLI of the experiment's hypothesis over the run. What cannot be read is unknown, with the reason."""
    goals = objectives(experiment, configuration)
    if not goals:
        return Cost()
    window = max(goal.declared.window_seconds for goal in goals)
    baseline = times.method_at - window
    url = goals[0].declared.prometheus_url
    clients = client_counter(experiment, configuration)
    slis: list[Sli] = [goal.declared.sli for goal in goals]
    if clients is not None:
        slis.append(clients.sli)
    fetched = _fetch(url, slis, baseline - history_seconds(window), times.ended_at)
    recoveries = [_recovery(goal, samples, times) for goal, samples in zip(goals, fetched, strict=False)]
    recovered_at = _recovered_at(times, recoveries)
    stretch = phases(baseline, times.fault_at, recovered_at and _scraped_by(fetched, recovered_at), times.ended_at)
    return Cost(
        slis=tuple(
            _summary(goal, samples, stretch, recovery)
            for goal, samples, recovery in zip(goals, fetched, recoveries, strict=False)
        ),
        lost=_lost(goals, clients, fetched, times),
        warnings=tuple(sorted({warning for samples in fetched for warning in samples.warnings})),
    )


def _fetch(url: str, slis: Sequence[Sli], start: float, end: float) -> list[_Samples]:
    try:
        with Prometheus(url) as prometheus:
            return [_fetch_one(prometheus, sli, start, end) for sli in slis]
    except PrometheusError as error:
        return [_Samples(failure=str(error)) for _ in slis]


def _fetch_one(prometheus: Prometheus, sli: Sli, start: float, end: float) -> _Samples:
    try:
        answer = prometheus.raw(sli.selector, start, end)
    except PrometheusError as error:
        return _Samples(failure=str(error))
    return _Samples(answer.series, warnings=answer.warnings)


def _recovery(goal: Objective, samples: _Samples, times: Times) -> Reading:
    if samples.failure:
        return Unknown(samples.failure)
    try:
        return time_to_recover(goal.declared.sli, samples.series, goal.least_good, times.fault_at, times.ended_at)
    except DeclarationError as error:
        return Unknown(str(error))


def _recovered_at(times: Times, recoveries: Sequence[Reading]) -> float | None:
    """When the workload was whole and every SLI was back; None when one of them was not, or nobody knows."""
    if times.ready_at is None or not all(isinstance(recovery, Known) for recovery in recoveries):
        return None
    back = [times.fault_at + recovery.value for recovery in recoveries if isinstance(recovery, Known)]
    return max([times.ready_at, *back])


def _scraped_by(fetched: Sequence[_Samples], at: float) -> float:
    """When everything that had happened by `at` was in Prometheus: a fault that heals between two scrapes shows in the
    second one, which so belongs to `during`."""
    scrapes = [oldest_at_or_after(samples.series, at) for samples in fetched]
    return max([at, *(scrape for scrape in scrapes if scrape is not None)])


def _summary(goal: Objective, samples: _Samples, stretch: Sequence[Phase], recovery: Reading) -> SliSummary:
    sli = goal.declared.sli
    try:
        if samples.failure:
            readings = tuple(unread(sli, phase, samples.failure) for phase in stretch)
        else:
            readings = tuple(read_phase(sli, samples.series, phase) for phase in stretch)
    except DeclarationError as error:
        readings = tuple(unread(sli, phase, str(error)) for phase in stretch)
    threshold = sli.threshold_seconds if isinstance(sli, LatencyShare) else None
    return SliSummary(sli.name, goal.least_good, threshold, readings, recovery)


def _lost(
    goals: Sequence[Objective], clients: ClientCounter | None, fetched: Sequence[_Samples], times: Times
) -> LostRequests | None:
    """Failed requests from the fault on: as the clients counted them, else as the first counter of requests did."""
    reason = ""
    if clients is not None:
        lost = _lost_in(clients.sli, clients.counted_by, fetched[-1], times)
        if isinstance(lost, LostRequests):
            return lost
        reason = lost
    for goal, samples in zip(goals, fetched, strict=False):
        if isinstance(goal.declared.sli, EventRatio):
            lost = _lost_in(goal.declared.sli, "the server", samples, times)
            if isinstance(lost, LostRequests):
                return lost
            reason = reason or lost
    return LostRequests(Unknown(reason), Unknown(reason), "nobody") if reason else None


def _lost_in(sli: EventRatio, counted_by: str, samples: _Samples, times: Times) -> LostRequests | str:
    if samples.failure:
        return samples.failure
    measured = measure(sli, samples.series, times.fault_at, times.ended_at)
    if isinstance(measured, NotYet):
        return never_read(measured)
    counts = measured.counts
    return LostRequests(Known(counts.bad, times.ended_at), Known(counts.total, times.ended_at), counted_by)
