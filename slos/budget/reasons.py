"""Why an SLO is in the state that it is in, in words: what is bad of it, and what is not known."""

import math
from collections.abc import Iterator, Mapping

from slos.budget.doubts import ROUNDING
from slos.budget.recorded import Declared, RecordedSlo
from slos.duration import format_duration
from slos.tiers import SLICE_SECONDS, TIER, Tier, TierName

NO_RULES = "load its rules into Prometheus: chaos slo rules"
LITTLE_SEEN = 0.1
"""Of a window of which less has been seen than this share, it is said how much."""
_SHORTEST = format_duration(SLICE_SECONDS)

Burn = Mapping[str, float | None]
"""Burn rates by window label; None is not known."""


def burns_over(tier: Tier, one: Declared, burn: Burn) -> bool:
    """Whether both windows of a tier are known to burn faster than its factor."""
    return all(_above(tier, one, burn.get(label)) for label in (tier.long, tier.short))


def why_bad(
    one: Declared, left: float | None, burn: Burn, burning: tuple[TierName, ...], coverage: float | None
) -> list[str]:
    """What is known to be bad, and how little it is judged from where that is little.

    `coverage` is the share of the SLO's window that has been seen, `left` that of the budget that is left.
    """
    facts = []
    if left is not None and left <= 0:
        seen = "" if coverage is None else judged_from(coverage, "it")
        facts.append(f"the budget of {one.window} is spent ({left:.1%} left){seen}")
    for name in burning:
        tier = TIER[name]
        # The coverage of a calendar window is of its time so far, which says nothing of the tiers' windows.
        seen = "" if coverage is None or one.calendar else judged_from(_most_seen(one, coverage, tier), tier.long)
        facts.append(
            f"{name}: burns at {burn[tier.long]:.3g} over {tier.long} and {burn[tier.short]:.3g} over {tier.short}, "
            f"above {tier.factor(one.period_seconds):.3g}{seen}"
        )
    return facts


def why_unknown(
    one: Declared, slo: RecordedSlo, left: float | None, burn: Burn, objective: float | None, long_rules_run: bool
) -> list[str]:
    """Why an SLO cannot be called good, though nothing bad is known of it."""
    unknowns: list[str] = []
    measured = slo.event_time is not None
    if measured:
        unknowns += _undecided(one, slo, burn)
    else:
        unknowns.append("its SLI has no data: is what it measures scraped?")
    if left is None and (measured or slo.budget is not None):
        unknowns.append(_why_no_budget(one, slo, long_rules_run))
    if objective is None:
        unknowns.append(f"its objective is not recorded, or none: {NO_RULES}")
    return unknowns


def _above(tier: Tier, one: Declared, rate: float | None) -> bool:
    return rate is not None and rate > tier.factor(one.period_seconds) * (1 + ROUNDING)


def _most_seen(one: Declared, coverage: float, tier: Tier) -> float:
    """The largest share of a tier's long window that can have been seen."""
    return coverage * one.period_seconds / tier.long_seconds


def judged_from(share: float, window: str) -> str:
    """What to say behind a judgement of a window of which that share (0..1) has been seen; often nothing."""
    return f", judged from the {100 * share:.2g}% of {window} that has been seen" if share < LITTLE_SEEN else ""


def _undecided(one: Declared, slo: RecordedSlo, burn: Burn) -> Iterator[str]:
    """The tiers that may burn, for all that is known, and the windows of the fastest that are not known.

    A tier does not burn when one of its windows is calm, whatever the other is. Of the fastest tier both must be known
    all the same: one that is calm over an hour and not known over five minutes may have lost its traffic to a fault.
    """
    told = set()
    for tier in (TIER[name] for name in one.tiers):
        for known, other in ((tier.long, tier.short), (tier.short, tier.long)):
            if _above(tier, one, burn.get(known)) and burn.get(other) is None:
                told.add(other)
                yield (
                    f"{tier.name}: burns at {burn[known]:.3g} over {known}, above "
                    f"{tier.factor(one.period_seconds):.3g}, and at an unknown rate over {other}: "
                    f"{_why_no_burn(one, slo, other)}"
                )
    for window in _fastest(one, burn):
        if burn.get(window) is None and window not in told:
            yield _why_no_burn(one, slo, window)


def _fastest(one: Declared, burn: Burn) -> tuple[str, ...]:
    """The windows without which an SLO is not judged: those of its fastest tier, else the shortest that it has."""
    if one.tiers:
        return TIER[one.tiers[0]].long, TIER[one.tiers[0]].short
    return (_SHORTEST if _SHORTEST in burn else one.window,)


def _why_no_burn(one: Declared, slo: RecordedSlo, window: str) -> str:
    if few := _too_few(one, slo, window):
        return few
    rate = slo.burn_rates.get(window)
    if rate is None:
        return f"there were no events in {window}"
    return f"its reading over {window} is old" if math.isfinite(rate) else f"its burn rate over {window} is {rate}"


def _why_no_budget(one: Declared, slo: RecordedSlo, long_rules_run: bool) -> str:
    budget = slo.budget
    if budget is None:
        return "its budget is not recorded (yet): no events in its window?"
    if not math.isfinite(budget):
        return f"its budget is {budget}"
    if not long_rules_run:
        return "the rules of its long windows give nothing current: does Prometheus still evaluate them?"
    return _too_few(one, slo, one.window)


def _too_few(one: Declared, slo: RecordedSlo, window: str) -> str:
    events = slo.events.get(window, 0)
    if events >= one.minimum_events:
        return ""
    return f"{events:.0f} events in {window} are fewer than the {one.minimum_events:g} that it judges by"
