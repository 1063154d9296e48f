"""Alert tiers that could never fire, or not when they should."""

import math
from collections.abc import Iterator

from slos.duration import format_duration
from slos.model import GaugeThreshold, RawRatio, Slo
from slos.problems import Problem
from slos.promql import PromqlError, has_window
from slos.tiers import DAY, MINUTE, SLICE_SECONDS, TIER, TIERS, Tier

_SHORT_PERIOD = 28 * DAY
"""From here on the tiers' budget shares make factors that are about 1 or more."""


def tier_problems(slo: Slo) -> Iterator[Problem]:
    """What is wrong with the tiers that are switched on."""
    on = [tier for tier in TIERS if tier.name in slo.alerting.tiers]
    broken = {tier.name: problem for tier in on if (problem := _broken(slo, tier, on)) is not None}
    yield from broken.values()
    whole = [TIER[tier.name] for tier in on if tier.name not in broken]
    yield from _eager(slo, whole)
    yield from _sliced(slo, whole)


def _broken(slo: Slo, tier: Tier, on: list[Tier]) -> Problem | None:
    """Why a tier cannot work at all."""
    place, period = slo.place_of("alerting.tiers"), slo.window.seconds
    off = f"switch it off: {_without(on, (tier,))}"
    if tier.long_seconds >= period:
        return Problem(place, f"the tier {tier.name} looks back {tier.long}, as long as the SLO's own window", off)
    if not tier.reachable(period, slo.objective):
        factor = tier.factor(period)
        # Rounded up, so that the objective that is named does it.
        enough = math.ceil((1 - 1 / factor) * 1e6) / 1e4
        return Problem(
            place,
            f"the tier {tier.name} can never fire: a burn rate of {factor:.4g} is an error ratio of "
            f"{factor * (1 - slo.objective):.4g}, and there is none above 1",
            f"raise the objective above {enough:g}%, or {off}",
        )
    events = _most_events(slo, tier.short_seconds)
    if slo.minimum_events > events:
        return Problem(
            slo.place_of("minimum_events"),
            f"the tier {tier.name} can never fire: it needs {slo.minimum_events:g} events in {tier.short}, and the "
            f"indicator has {events:g} slices of time there",
            f"lower mlchaos.io/minimum-events, or {off}",
        )
    return None


def _most_events(slo: Slo, seconds: float) -> float:
    """How many events a window can hold: what is measured in slices of time has no more than fit."""
    match slo.indicator:
        case GaugeThreshold(slice_seconds=slice_seconds):
            return max(math.floor(seconds / slice_seconds), 1)
        case RawRatio(query=query):
            try:
                return seconds / (SLICE_SECONDS if has_window(query) else MINUTE)
            except PromqlError:
                return math.inf
    return math.inf


def _eager(slo: Slo, on: list[Tier]) -> Iterator[Problem]:
    period = slo.window.seconds
    eager = [tier for tier in on if tier.factor(period) < 1] if period < _SHORT_PERIOD else []
    if eager:
        rates = " and ".join(f"{tier.name} ({tier.factor(period):.3g})" for tier in eager)
        yield Problem(
            slo.place_of("alerting.tiers"),
            f"tiers fire at a burn rate that a healthy service has, below 1: {rates}",
            f"switch them off, unless that is wanted: {_without(on, eager)}",
            "warning",
        )


def _sliced(slo: Slo, on: list[Tier]) -> Iterator[Problem]:
    if not isinstance(slo.indicator, GaugeThreshold):
        return
    place, seconds = slo.place_of("indicator.slice_seconds"), slo.indicator.slice_seconds
    if seconds >= slo.window.seconds:
        yield Problem(place, "a slice is as long as the SLO's whole window", "make it shorter, such as 1m")
        return
    hasty = [tier for tier in on if tier.short_seconds < seconds]
    if hasty:
        yield Problem(
            place,
            f"slices of {format_duration(seconds)} are longer than the short window of "
            f"{', '.join(f'{tier.name} ({tier.short})' for tier in hasty)}, which mostly holds none",
            f"make them {hasty[0].short} or shorter, or switch those off: {_without(on, hasty)}",
            "warning",
        )


def _without(on: list[Tier], off: tuple[Tier, ...] | list[Tier]) -> str:
    """The annotation (and what Sloth has for it) that leaves some tiers away."""
    kept = ", ".join(tier.name for tier in on if tier not in off)
    return f'mlchaos.io/tiers: "{kept or "none"}" (Sloth: {off[0].urgency}_alert: {{disable: true}})'
