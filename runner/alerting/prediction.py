"""When a burn alert should fire, by the arithmetic of burn, from the events that were counted. Pure.

The error ratio need not be steady: it is what was measured between each two evaluations of the rules. Counts from
before the fault are in the windows, too, and leave them as time goes on.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from slos.burn import Counts, burn_rate, summed
from slos.duration import scaled
from slos.tiers import Tier


@dataclass(frozen=True, slots=True)
class Stretch:
    """Events of [start, end) (seconds since the epoch), spread evenly over it."""

    start: float
    end: float
    events: Counts

    def within(self, start: float, end: float) -> Counts:
        """Those of them that are in another stretch of time."""
        overlap = min(end, self.end) - max(start, self.start)
        if overlap <= 0:
            return Counts(0.0, 0.0)
        share = min(overlap / (self.end - self.start), 1.0)
        return Counts(self.events.bad * share, self.events.total * share)


Course = Sequence[Stretch]


@dataclass(frozen=True, slots=True)
class TierTerms:
    """One tier of an alert: burn rate that must be exceeded in both windows (real seconds), and for how long."""

    name: str
    factor: float
    long_seconds: float
    short_seconds: float
    for_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class AlertTerms:
    """What makes a burn alert fire: any of its tiers. `objective` is a ratio, `minimum_events` of the short window."""

    objective: float
    tiers: tuple[TierTerms, ...]
    minimum_events: float = 0.0


@dataclass(frozen=True, slots=True)
class Fires:
    """When (seconds since the epoch), and by which tier."""

    at: float
    tier: str


def terms_of(tier: Tier, period_seconds: float, time_scale: float, for_seconds: float) -> TierTerms:
    """A tier of an SLO whose window is `period_seconds`; what is declared is divided by the time scale."""
    return TierTerms(
        tier.name,
        tier.factor(period_seconds),
        scaled(tier.long_seconds, time_scale),
        scaled(tier.short_seconds, time_scale),
        scaled(for_seconds, time_scale) if for_seconds else 0.0,
    )


def counted(course: Course, start: float, end: float) -> Counts:
    """The events of [start, end)."""
    return summed(stretch.within(start, end) for stretch in course)


def burn(course: Course, objective: float, window: float, at: float) -> float | None:
    """The burn rate over the window that ends at `at`; None without events."""
    ratio = counted(course, at - window, at).error_ratio
    return None if ratio is None else burn_rate(ratio, objective)


def burns(course: Course, terms: AlertTerms, tier: TierTerms, at: float) -> bool:
    """Whether a tier's condition holds at `at`."""
    rates = [burn(course, terms.objective, window, at) for window in (tier.long_seconds, tier.short_seconds)]
    enough = counted(course, at - tier.short_seconds, at).total >= terms.minimum_events
    return enough and all(rate is not None and rate > tier.factor for rate in rates)


def predict(course: Course, terms: AlertTerms, evaluations: Iterable[float]) -> Fires | None:
    """The first evaluation (times since the epoch, in order) at which a tier fires; None when none does."""
    instants = tuple(evaluations)
    found = [fires for tier in terms.tiers if (fires := _first(course, terms, tier, instants)) is not None]
    return min(found, key=lambda fires: fires.at, default=None)


def _first(course: Course, terms: AlertTerms, tier: TierTerms, instants: Sequence[float]) -> Fires | None:
    pending: float | None = None
    for at in instants:
        if not burns(course, terms, tier, at):
            pending = None
            continue
        pending = at if pending is None else pending
        if at - pending >= tier.for_seconds - 1e-6:
            return Fires(at, tier.name)
    return None


def steady_seconds(terms: AlertTerms, tier: TierTerms, error_ratio: float) -> float:
    """How long a steady error ratio takes after a time without errors: factor x (1 - objective) x long / error ratio.

    Infinite where it never burns fast enough. Without evaluation and scrape intervals, with `for`.
    """
    needed = tier.factor * (1 - terms.objective)
    if error_ratio <= needed:
        return math.inf
    return needed * tier.long_seconds / error_ratio + tier.for_seconds


def quickest(terms: AlertTerms, error_ratio: float) -> tuple[TierTerms, float] | None:
    """The tier that fires first at a steady error ratio, and after how many seconds; None when none does."""
    times = [(tier, steady_seconds(terms, tier, error_ratio)) for tier in terms.tiers]
    tier, seconds = min(times, key=lambda pair: pair[1], default=(None, math.inf))
    return None if tier is None or math.isinf(seconds) else (tier, seconds)


def course_of(fault_at: float, before: Sequence[tuple[float, Counts]], since: Sequence[tuple[float, Counts]]) -> Course:
    """Stretches from counts of nested windows.

    `before`: (seconds, events of so long before the fault). `since`: (time since the epoch, events from the fault
    until then). A longer window has the events of a shorter one, too; where extrapolation makes less of them, none are
    added.
    """
    stretches: list[Stretch] = []
    shorter, inner = 0.0, Counts(0.0, 0.0)
    for seconds, events in sorted(before, key=lambda pair: pair[0]):
        if seconds > shorter:
            stretches.append(Stretch(fault_at - seconds, fault_at - shorter, _more(events, inner)))
            shorter, inner = seconds, _greater(events, inner)
    stretches.reverse()
    last, so_far = fault_at, Counts(0.0, 0.0)
    for at, events in sorted(since, key=lambda pair: pair[0]):
        if at > last:
            stretches.append(Stretch(last, at, _more(events, so_far)))
            last, so_far = at, _greater(events, so_far)
    return tuple(stretches)


def _more(events: Counts, than: Counts) -> Counts:
    total = max(events.total - than.total, 0.0)
    return Counts(min(max(events.bad - than.bad, 0.0), total), total)


def _greater(one: Counts, other: Counts) -> Counts:
    return Counts(max(one.bad, other.bad), max(one.total, other.total))
