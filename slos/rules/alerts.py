"""The alerts of an SLO: one for each tier that is switched on, and one for an SLI without data."""

import re
from collections.abc import Mapping

from slos.duration import format_duration, scaled
from slos.model import AbsentAlert, Slo, TierAlert
from slos.rules.go_template import literal, problem
from slos.rules.literals import number, series
from slos.rules.names import BURN_RATE, EVENTS
from slos.rules.on_call import absent_annotations, burn_annotations
from slos.rules.rule import AlertRule
from slos.rules.windows import SLICE
from slos.tiers import TIERS, Tier

_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def alerts(slo: Slo, time_scale: float) -> list[AlertRule]:
    """One alert for each tier, from the most urgent to the least, and one for the absent SLI.

    Raises ValueError for a label or annotation that Prometheus would not load.
    """
    tiers = [_burn(slo, tier, alert, time_scale) for tier, alert in _tiers(slo)]
    if slo.alerting.absent is None:
        return tiers
    return [*tiers, _absent(slo, slo.alerting.absent, time_scale)]


def _tiers(slo: Slo) -> list[tuple[Tier, TierAlert]]:
    return [(tier, slo.alerting.tiers[tier.name]) for tier in TIERS if tier.name in slo.alerting.tiers]


def _burn(slo: Slo, tier: Tier, alert: TierAlert, time_scale: float) -> AlertRule:
    """Both windows burn: the long one says that it matters, the short one that it still goes on."""
    factor = number(tier.factor(slo.window.seconds))
    long = series(BURN_RATE, slo=slo.name, window=tier.long)
    short = series(BURN_RATE, slo=slo.name, window=tier.short)
    expr = f"{long} > {factor} and ignoring (window) {short} > {factor}"
    if slo.minimum_events > 0:
        enough = series(EVENTS, slo=slo.name, window=tier.short)
        expr += f" and ignoring (window) {enough} >= {number(slo.minimum_events)}"
    own = {"severity": literal(alert.severity), "tier": tier.name}
    return AlertRule(
        slo.alerting.name,
        expr,
        scaled(alert.for_seconds, time_scale),
        _labels(slo, {**slo.alerting.labels, **alert.labels}, own),
        _annotations(slo, burn_annotations(slo, tier, time_scale), {**slo.alerting.annotations, **alert.annotations}),
    )


def _absent(slo: Slo, alert: AbsentAlert, time_scale: float) -> AlertRule:
    return AlertRule(
        slo.alerting.absent_name,
        f"absent({series(EVENTS, slo=slo.name, window=SLICE)})",
        scaled(alert.for_seconds, time_scale),
        _labels(slo, slo.alerting.labels, {"severity": literal(alert.severity)}),
        _annotations(slo, absent_annotations(slo, _for(alert, time_scale)), slo.alerting.annotations),
    )


def _for(alert: AbsentAlert, time_scale: float) -> str:
    seconds = scaled(alert.for_seconds, time_scale)
    return format_duration(seconds) if seconds else ""


def _labels(slo: Slo, given: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    labels = {**_checked(slo, given, "label"), **own, "slo": literal(slo.name), "service": literal(slo.service)}
    return {name: labels[name] for name in sorted(labels)}


def _annotations(slo: Slo, own: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    runbook = {"runbook_url": literal(slo.alerting.runbook)} if slo.alerting.runbook else {}
    return {**own, **runbook, **_checked(slo, given, "annotation")}


def _checked(slo: Slo, given: Mapping[str, str], kind: str) -> Mapping[str, str]:
    """Names and templates that Prometheus loads: one that it does not would cost all rules of the file."""
    for name, text in given.items():
        if not _LABEL_NAME.fullmatch(name) or name == "__name__":
            raise ValueError(f"SLO {slo.name}: {name!r} is no name of an alert's {kind}: use letters, digits and _")
        if wrong := problem(text):
            raise ValueError(f"SLO {slo.name}: the alert's {kind} {name} is no template that Prometheus loads: {wrong}")
    return given
