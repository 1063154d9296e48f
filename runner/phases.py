"""What an experiment cost, phase by phase: pure arithmetic on the samples of its SLIs."""

from collections.abc import Sequence
from dataclasses import dataclass

from clients.prometheus import Known, Reading, Series, Unknown
from probes.counters import Quantile, bucket_increases, newest_at_or_before, quantile
from probes.sli import LatencyShare, NotYet, Sli, measure

STEP_SECONDS = 1.0
MAX_STEPS = 60


@dataclass(frozen=True, slots=True)
class Phase:
    """A named stretch of a run: (start, end], seconds since the epoch."""

    name: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class PhaseReading:
    """An SLI in one phase. What could not be read is Unknown; the quantiles are there for latencies only."""

    phase: str
    good: Reading
    total: Reading
    share: Reading
    rate: Reading
    p50: Quantile | Unknown | None = None
    p99: Quantile | Unknown | None = None


def phases(baseline_start: float, fault_at: float, recovered_at: float | None, end: float) -> tuple[Phase, ...]:
    """Before, during and after a fault; a run that has not recovered has no after."""
    before = Phase("before", baseline_start, fault_at)
    if recovered_at is None or recovered_at >= end:
        return before, Phase("during", fault_at, end)
    return before, Phase("during", fault_at, recovered_at), Phase("after", recovered_at, end)


def read_phase(sli: Sli, series: Sequence[Series], phase: Phase) -> PhaseReading:
    """Count an SLI's events in one phase."""
    measured = measure(sli, series, phase.start, phase.end)
    if isinstance(measured, NotYet):
        return unread(sli, phase, never_read(measured))
    counts = measured.counts
    p50 = p99 = None
    if isinstance(sli, LatencyShare):
        buckets = bucket_increases(series, phase.start, phase.end)
        nothing = Unknown("nothing was observed")
        p50, p99 = quantile(buckets, 0.5) or nothing, quantile(buckets, 0.99) or nothing
    return PhaseReading(
        phase=phase.name,
        good=Known(counts.good, phase.end),
        total=Known(counts.total, phase.end),
        share=measured.share,
        rate=_rate(series, phase, counts.total),
        p50=p50,
        p99=p99,
    )


def never_read(measured: NotYet) -> str:
    """Why something is unknown for good, now that the run is over and nothing is waited for any more."""
    if measured.unscraped_seconds > 0:
        return f"its last {measured.unscraped_seconds:.1f} s were not scraped before the run ended"
    return measured.reason


def unread(sli: Sli, phase: Phase, reason: str) -> PhaseReading:
    """An SLI of which nothing is known in a phase."""
    unknown = Unknown(reason)
    latency = unknown if isinstance(sli, LatencyShare) else None
    return PhaseReading(phase.name, unknown, unknown, unknown, unknown, latency, latency)


def time_to_recover(sli: Sli, series: Sequence[Series], objective: float, fault_at: float, end: float) -> Reading:
    """Seconds from the fault to the end of the last step in which the share of good events was below `objective`.

    A step is a second, or more in long runs; the answer is as exact as the scrape interval. Known 0 when the SLI never
    left its objective; unknown when it is still outside in the last step, or when there is nothing to read.
    """
    measured = measure(sli, series, fault_at, end)
    if isinstance(measured, NotYet):
        return Unknown(never_read(measured))
    if isinstance(measured.share, Unknown):
        return measured.share
    step = max(STEP_SECONDS, (end - fault_at) / MAX_STEPS)
    last_bad = last_good = 0.0
    at = fault_at
    while at < end:
        until = min(at + step, end)
        counts = sli.counts(series, at, until)
        if counts.total > 0:
            if counts.good / counts.total < objective:
                last_bad = until - fault_at
            else:
                last_good = until - fault_at
        at = until
    if last_bad > last_good:
        return Unknown(f"{sli.name} was still outside its objective when the run ended")
    return Known(last_bad, fault_at + last_bad)


def _rate(series: Sequence[Series], phase: Phase, total: float) -> Reading:
    """Events per second between the scrapes that bound the phase, since that is what was counted."""
    first, last = newest_at_or_before(series, phase.start), newest_at_or_before(series, phase.end)
    if first is None or last is None or last <= first:
        return Unknown("no scrape lies within the phase")
    return Known(total / (last - first), phase.end)
