"""What the alert tiers would have done over recorded history: the rules' conditions, evaluated step by step."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from slos.budget.sliding import History, SlidingSums
from slos.burn import Counts, budget_left, burn_rate
from slos.model import TierAlert
from slos.tiers import SLICE_SECONDS, TIERS, Tier, TierName


@dataclass(frozen=True, slots=True)
class Question:
    """What is tried on a history: an objective with its alerts.

    `period_seconds` is the nominal length of the window (declared time), `begins` gives the time (epoch seconds) at
    which the window that ends at a time begins. `since`: what happened before is only there to fill the windows.
    """

    objective: float
    tiers: Mapping[TierName, TierAlert]
    minimum_events: float
    period_seconds: float
    time_scale: float
    begins: Callable[[float], float]
    since: float


@dataclass(frozen=True, slots=True)
class Firing:
    """One alert, from when it would have fired until its condition was over (epoch seconds).

    `spent` is the share of the window's budget spent meanwhile; `ongoing`: it fires at the end of the history.
    """

    tier: TierName
    severity: str
    start: float
    end: float
    spent: float
    ongoing: bool


@dataclass(frozen=True, slots=True)
class Lowest:
    """The least budget that was left, and when (epoch seconds)."""

    left: float
    at: float


@dataclass(frozen=True, slots=True)
class Backtest:
    """What an objective would have brought.

    `counts` are all events of the SLO's window at the end, `left` is the budget that they leave (None: no events), of a
    window of which the share `window_read` (0..1), from `counted_since` (epoch seconds) on, lies within the history;
    `lowest` is over the times whose whole window does. `coverage` is the share of the steps since the question's
    beginning for which there is data.
    """

    objective: float
    firings: tuple[Firing, ...]
    unreachable: tuple[TierName, ...]
    counts: Counts
    left: float | None
    window_read: float
    counted_since: float
    lowest: Lowest | None
    coverage: float


def backtest(history: History, question: Question) -> Backtest:
    """Evaluate the alerts and the budget at every step of the history since the question's beginning.

    Raises ValueError for a history without a step.
    """
    if not history.counts:
        raise ValueError("a history has at least one step")
    first = next((i for i in range(len(history.counts)) if history.at(i) >= question.since), len(history.counts))
    judged = history.counts[first:]
    sums = SlidingSums(history)
    last = len(history.counts) - 1
    whole = _window(sums, history, question, last)
    tiers = [tier for tier in TIERS if tier.name in question.tiers]
    reachable = [tier for tier in tiers if tier.reachable(question.period_seconds, question.objective)]
    firings = [firing for tier in reachable for firing in _firings(sums, history, question, tier, first, whole)]
    begins = question.begins(history.end)
    return Backtest(
        objective=question.objective,
        firings=tuple(sorted(firings, key=lambda firing: firing.start)),
        unreachable=tuple(tier.name for tier in tiers if tier not in reachable),
        counts=whole,
        left=_left(whole, question.objective),
        window_read=min((history.end - history.oldest) / (history.end - begins), 1.0),
        counted_since=max(history.oldest, begins),
        lowest=_lowest(sums, history, question, first),
        coverage=sum(one is not None for one in judged) / len(judged) if judged else 0.0,
    )


def _firings(
    sums: SlidingSums, history: History, question: Question, tier: Tier, first: int, whole: Counts
) -> Iterator[Firing]:
    alert = question.tiers[tier.name]
    pending = fired = None
    holds = alert.for_seconds / question.time_scale
    for index in range(first, len(history.counts) + 1):
        over = index == len(history.counts)
        if not over and _condition(sums, question, tier, index):
            pending = index if pending is None else pending
            if fired is None and (index - pending) * history.step >= holds:
                fired = index
            continue
        if fired is not None:
            end = index - over
            yield Firing(
                tier=tier.name,
                severity=alert.severity,
                start=history.at(fired),
                end=history.at(end),
                spent=burn_rate(sums.between(fired, end)[0] / whole.total, question.objective) if whole.total else 0.0,
                ongoing=over,
            )
        pending = fired = None


def _condition(sums: SlidingSums, question: Question, tier: Tier, index: int) -> bool:
    """Whether both windows of a tier burn faster than its factor, and the short one saw enough events."""
    threshold = tier.factor(question.period_seconds) * (1 - question.objective)
    bad, total = sums.window(index, round(tier.short_seconds / SLICE_SECONDS))
    if total < question.minimum_events or bad <= threshold * total:  # without events, neither is more than 0
        return False
    bad, total = sums.window(index, round(tier.long_seconds / SLICE_SECONDS))
    return bad > threshold * total


def _window(sums: SlidingSums, history: History, question: Question, index: int) -> Counts:
    """The counts of the SLO's whole window at a step, with the slice under way: its events may have fired alerts."""
    at = history.at(index)
    steps = max(round((at - question.begins(at)) / history.step), history.per_slice)
    return Counts(*sums.between(index - steps, index))


def _left(counts: Counts, objective: float) -> float | None:
    return None if counts.error_ratio is None else budget_left(counts.error_ratio, objective)


def _lowest(sums: SlidingSums, history: History, question: Question, first: int) -> Lowest | None:
    lowest = None
    for index in range(first, len(history.counts)):
        at = history.at(index)
        if question.begins(at) < history.oldest:
            continue
        left = _left(_window(sums, history, question, index), question.objective)
        if left is not None and (lowest is None or left < lowest.left):
            lowest = Lowest(left, at)
    return lowest
