"""How much of an SLO's error budget chaos runs have spent: in its window, run by run, and in this calendar month. Pure.

Two things are told, which need not agree: what the guard of each run measured from its fault on, with the traffic of
that time, and what is recorded of the time in which runs were on, whatever spent it.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runner.allowance.month import Spending, cost, month_start, spending
from runner.runs.chaos import AFTERMATH_SECONDS, ChaosRun
from runner.runs.record import DIED
from runner.slo.review import BudgetReview
from slos.burn import burn_rate


@dataclass(frozen=True, slots=True)
class RunCost:
    """A run, and what it spent of the budget."""

    run: ChaosRun
    spent: Spending


@dataclass(frozen=True, slots=True)
class Attribution:
    """What chaos runs did to one budget. Shares are of the budget, 1 is all of it.

    `runs` are those that began in the SLO's window and cost something, the costliest first, and `window` is their sum.
    `recorded` is what was spent while runs were on (None: there were no events). `month` is of the runs that began
    since `month_start` (epoch seconds), and `allowed` what is allowed them, if that is bounded.
    """

    window: Spending
    runs: Sequence[RunCost]
    recorded: float | None
    month_start: float
    month: Spending
    allowed: float | None


def attribute(found: BudgetReview, runs: Sequence[ChaosRun], allowed: float | None) -> Attribution:
    """What the runs did to the budget that was reviewed, until the time of the review."""
    slo, slices = found.status.name, found.review.slices
    until = [run for run in runs if run.started_at <= found.at]
    costs = [RunCost(run, cost(run)[slo]) for run in until if run.started_at >= slices.start and slo in cost(run)]
    begin = month_start(found.at)
    return Attribution(
        window=sum((one.spent for one in costs), Spending()),
        runs=sorted(costs, key=lambda one: (-one.spent.total, one.run.started_at)),
        recorded=_recorded(found, until),
        month_start=begin,
        month=spending(until, begin).get(slo, Spending()),
        allowed=allowed,
    )


def _recorded(found: BudgetReview, runs: Sequence[ChaosRun]) -> float | None:
    """The share of the budget that was spent in the slices in which a run was on."""
    slices, whole, objective = found.review.slices, found.review.counts, found.status.objective
    if not whole.total or objective is None:
        return None
    times = _merged(_time(run, found.at, slices.seconds) for run in runs if run.may_have_hurt)
    begins = [start for start, _ in times]
    bad = 0.0
    for index, counts in enumerate(slices.counts):
        before = bisect_left(begins, slices.begins(index + 1))
        if counts is not None and before and times[before - 1][1] > slices.begins(index):
            bad += counts.bad
    return burn_rate(bad / whole.total, objective)


def _time(run: ChaosRun, now: float, lag: float) -> tuple[float, float]:
    """When a run may have done damage; what it did is counted after the next scrape, so `lag` seconds later."""
    if run.ended_at is not None:
        return run.started_at, run.ended_at + lag
    return run.started_at, run.started_at + AFTERMATH_SECONDS if run.verdict == DIED else now


def _merged(times: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Times that overlap as one, in their order."""
    merged: list[tuple[float, float]] = []
    for start, end in sorted(times):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged
