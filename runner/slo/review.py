"""Reading what spent an SLO's budget from the series that its rules have recorded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clients.prometheus import Prometheus, PrometheusError
from probes.slo_recorded import SLICE, read_recorded, selector
from runner.runs.chaos import ChaosRun, Coincidence, runs_beside
from runner.slo.names import did_you_mean, recorded_names
from runner.slo.range_reading import Values, multiple_before, read_steps, steps_until
from slos.budget.recorded import Recorded
from slos.budget.review import Review, Slices, review
from slos.budget.status import SloStatus, judge
from slos.burn import Counts
from slos.duration import format_duration, scaled
from slos.promql.selectors import quoted
from slos.rules.names import BAD_EVENTS, EVENTS
from slos.tiers import SLICE_SECONDS

MOST_SLICES = 250_000
"""More than two years of 5 m: no SLO has such a window, so somebody else's series says so."""
MOST_EVENTS = 2.0**53
"""Of a slice; beyond it, floats do not count any more."""


class NothingToReviewError(Exception):
    """There is no budget to review: why, and what to do about it."""


@dataclass(frozen=True, slots=True)
class BudgetReview:
    """How an SLO stands at the time `at` (epoch seconds), and what spent its budget until then."""

    at: float
    status: SloStatus
    review: Review


def read_review(prometheus: Prometheus, name: str, at: float) -> BudgetReview:
    """Review the budget of one SLO at the time `at` (epoch seconds).

    In 8 queries or 9, and one for every 10,000 slices (34 days). Raises PrometheusError when Prometheus cannot be asked
    or warns that data may be missing, NothingToReviewError when it has nothing recorded of the SLO.
    """
    recorded = read_recorded(prometheus, at, [name])
    if recorded.warnings:
        raise PrometheusError(f"{prometheus.url} warns that data may be missing: {'; '.join(recorded.warnings)}")
    if not recorded.infos:
        raise NothingToReviewError(_not_recorded(prometheus, name, at))
    (status,) = judge(recorded, [name])
    if status.objective is None or status.period_seconds is None:
        raise NothingToReviewError(f"the budget of {name} is not known: {'; '.join(status.reasons)}")
    slices = _read_slices(prometheus, status, at, _calendar_start(recorded, status))
    if slices.coverage == 0:
        raise NothingToReviewError(
            f"{prometheus.url} has no events of {name} recorded in the {status.window} before that time: are its rules "
            "(chaos slo rules) loaded, and is what they read scraped?"
        )
    return BudgetReview(at, status, review(slices, status.objective))


def _not_recorded(prometheus: Prometheus, name: str, at: float) -> str:
    others = recorded_names(prometheus, at)
    if meant := did_you_mean(name, others):
        hint = meant
    elif others:
        hint = "load its rules (chaos slo rules); chaos slo status lists those that are"
    else:
        hint = "it has no SLO at all then: load the rules that chaos slo rules prints"
    return f"{prometheus.url} has nothing recorded of the SLO {name} at that time: {hint}"


def _calendar_start(recorded: Recorded, status: SloStatus) -> float | None:
    """When the present calendar window began (epoch seconds); None for a rolling window."""
    labels = recorded.infos[0].labels
    if not labels.get("calendar") or status.time_scale != 1:
        return None
    starts = {
        one.value
        for one in recorded.calendar_starts
        if all(one.labels.get(key) == labels.get(key) for key in ("calendar", "time_zone", "first"))
    }
    if len(starts) != 1:
        raise NothingToReviewError(
            f"when the {labels['calendar']} of {status.name} began is recorded {len(starts)} times, not once: load the "
            "rules of the calendar (chaos slo rules prints them)"
        )
    return starts.pop()


def _read_slices(prometheus: Prometheus, status: SloStatus, at: float, start: float | None) -> Slices:
    """The slices that tile the window (that began at `start`, if with the calendar): those that the rules sum up.

    They end at multiples of their length, as the steps of the rules' subqueries do, so that the sum is the same. A
    slice is known when it was recorded within its time: Prometheus repeats a value for 5 m, which would hide a gap.
    """
    length = scaled(SLICE_SECONDS, status.time_scale)
    end = multiple_before(at, length)
    seconds = scaled(status.period_seconds or 0, status.time_scale) if start is None else end - start
    if not 0 <= seconds / length <= MOST_SLICES:  # a start that is no number is none of these
        raise NothingToReviewError(
            f"{status.name} is recorded with a window of {seconds:g} s in slices of {length:g} s, which no rules of "
            "chaos slo rules do: load its rules anew"
        )
    steps = steps_until(end, length, seconds)
    names = selector("", [f'__name__=~"{EVENTS}|{BAD_EVENTS}"', f"slo={quoted(status.name)}", f'window="{SLICE}"'])
    newest = f"max by (__name__) (last_over_time({names}[{format_duration(length - 0.001)}]))"
    found = read_steps(prometheus, newest, steps)
    nothing: Values = [None] * steps.count
    pairs = zip(found.get(BAD_EVENTS, nothing), found.get(EVENTS, nothing), strict=True)
    return Slices((steps.first_ms - steps.step_ms) / 1000, length, tuple(counted(pairs)))


def counted(pairs: Iterable[tuple[float | None, float | None]]) -> Iterable[Counts | None]:
    """Bad and total as counts: only where both are known, and never more bad events than there were."""
    for bad, total in pairs:
        if bad is None or total is None or total > MOST_EVENTS:
            yield None
        else:
            yield Counts(max(min(bad, total), 0.0), max(total, 0.0))


def beside(found: BudgetReview, runs: Sequence[ChaosRun]) -> tuple[Sequence[Coincidence], ...]:
    """The chaos runs beside each burn of a review, in the order of its burns."""
    lag = found.review.slices.seconds
    return tuple(runs_beside(burn.start, burn.end, runs, found.at, lag) for burn in found.review.burns)
