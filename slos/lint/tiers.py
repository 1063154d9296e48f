"""Alert tiers that could never fire, or not when they should."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from slos.duration import format_duration
from slos.model import GaugeThreshold, RawRatio, Slo
from slos.problems import Place, Problem
from slos.promql.language import PromqlError, has_window
from slos.tiers import DAY, MINUTE, SLICE_SECONDS, TIERS, Tier

_SHORT_PERIOD = 28 * DAY
"""From here on the tiers' budget shares make factors that are about 1 or more."""


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why a tier cannot work, the part that makes it so, and what may help other than switching it off."""

    tier: Tier
    part: str
    message: str
    remedy: str = ""


def tier_problems(slo: Slo) -> Iterator[Problem]:
    """What is wrong with the tiers that are switched on."""
    on = [tier for tier in TIERS if tier.name in slo.alerting.tiers]
    faults = [fault for tier in on if (fault := _fault(slo, tier)) is not None]
    broken = [fault.tier for fault in faults]
    for fault in faults:
        remedy = f"{fault.remedy}{_off(slo, on, broken)}"
        yield Problem(_place(slo, fault.part), f"the tier {fault.tier.name} {fault.message}", remedy)
    whole = [tier for tier in on if tier not in broken]
    yield from _eager(slo, whole)
    yield from _sliced(slo, whole)


def _fault(slo: Slo, tier: Tier) -> _Fault | None:
    period = slo.window.seconds
    if tier.long_seconds >= period:
        return _Fault(tier, "window", f"looks back {tier.long}, as long as the SLO's own window or longer")
    if not tier.reachable(period, slo.objective):
        factor = tier.factor(period)
        # Rounded up, so that the objective that is named does it.
        enough = math.ceil((1 - 1 / factor) * 1e6) / 1e4
        ratio = factor * (1 - slo.objective)
        return _Fault(
            tier,
            "objective",
            f"can never fire: a burn rate of {factor:.4g} is an error ratio of {ratio:.4g}, and none exceeds 1",
            f"raise the objective above {enough:g}%, or ",
        )
    events = _most_events(slo, tier.short_seconds)
    if slo.minimum_events > events:
        return _Fault(
            tier,
            "minimum_events",
            f"can never fire: it needs {slo.minimum_events:g} events in {tier.short}, in which the indicator has "
            f"{events:g} slices of time",
            "lower mlchaos.io/minimum-events, or ",
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
            _place(slo, "window"),
            f"tiers fire at a burn rate that a healthy service has, below 1: {rates}",
            f"unless that is wanted, {_off(slo, on, eager)}",
            "warning",
        )


def _sliced(slo: Slo, on: list[Tier]) -> Iterator[Problem]:
    if not isinstance(slo.indicator, GaugeThreshold):
        return
    part, seconds = "indicator.slice_seconds", slo.indicator.slice_seconds
    if seconds >= slo.window.seconds:
        yield Problem(slo.place_of(part), "a slice is as long as the SLO's whole window", "make it shorter, such as 1m")
        return
    hasty = [tier for tier in on if tier.short_seconds < seconds]
    if hasty:
        yield Problem(
            slo.place_of(part),
            f"slices of {format_duration(seconds)} are longer than the short window of "
            f"{', '.join(f'{tier.name} ({tier.short})' for tier in hasty)}, which mostly holds none",
            f"make them {hasty[0].short} or shorter, or {_off(slo, on, hasty)}",
            "warning",
        )


def _place(slo: Slo, part: str) -> Place:
    """Where the tiers are chosen; the part that does not go with them where they are not."""
    return slo.place_of("alerting.tiers" if "alerting.tiers" in slo.places else part)


def _off(slo: Slo, on: list[Tier], off: list[Tier]) -> str:
    """How to switch tiers off: by annotation, or, in a Sloth file, both of an urgency."""
    if "slos[" in slo.place.path:
        alerts = dict.fromkeys(f"{tier.urgency}_alert: {{disable: true}}" for tier in off)
        return f"switch it off: {' and '.join(alerts)}"
    kept = ", ".join(tier.name for tier in on if tier not in off)
    return f'switch it off with the annotation mlchaos.io/tiers: "{kept or "none"}"'
