"""The alerts of an SLO: one for each tier that is switched on, and one for an SLI without data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from slos.duration import format_duration, scaled
from slos.model import AbsentAlert, Slo, TierAlert
from slos.rules.go_template import literal, problem
from slos.rules.literals import number, recorded
from slos.rules.names import BAD_EVENTS, BURN_RATE, EVENTS
from slos.rules.on_call import BurnTexts, absent_annotations
from slos.rules.rule import AlertRule
from slos.rules.windows import SLICE
from slos.tiers import TIERS, Tier

_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def alerts(slo: Slo, time_scale: float) -> list[AlertRule]:
    """One alert for each tier, from the most urgent to the least, and one for the absent SLI.

    Raises ValueError for a label or annotation that Prometheus would not load.
    """
    alerting = slo.alerting
    common = _Common(
        {**_checked(slo, alerting.labels, "label"), "slo": literal(slo.name), "service": literal(slo.service)},
        {
            **({"runbook_url": literal(alerting.runbook)} if alerting.runbook else {}),
            **_checked(slo, alerting.annotations, "annotation"),
        },
    )
    texts = BurnTexts(slo, time_scale)
    found = [
        _burn(slo, tier, alerting.tiers[tier.name], time_scale, common, texts)
        for tier in TIERS
        if tier.name in alerting.tiers
    ]
    if alerting.absent is not None:
        found.append(_absent(slo, alerting.absent, time_scale, common))
    return found


@dataclass(frozen=True, slots=True)
class _Common:
    """What all alerts of an SLO have."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def _burn(slo: Slo, tier: Tier, alert: TierAlert, time_scale: float, common: _Common, texts: BurnTexts) -> AlertRule:
    """Both windows burn: the long one says that it matters, the short one that it still goes on."""
    factor = number(tier.factor(slo.window.seconds))
    long, short = recorded(BURN_RATE, slo.name, tier.long), recorded(BURN_RATE, slo.name, tier.short)
    expr = f"{long} > {factor} and ignoring (window) {short} > {factor}"
    if slo.minimum_events > 0:
        expr += f" and ignoring (window) {recorded(EVENTS, slo.name, tier.short)} >= {number(slo.minimum_events)}"
    labels = {
        **common.labels,
        **_checked(slo, alert.labels, "label"),
        "severity": literal(alert.severity),
        "tier": tier.name,
    }
    annotations = {**texts.of(tier), **common.annotations, **_checked(slo, alert.annotations, "annotation")}
    return AlertRule(slo.alerting.name, expr, scaled(alert.for_seconds, time_scale), _sorted(labels), annotations)


def _absent(slo: Slo, alert: AbsentAlert, time_scale: float, common: _Common) -> AlertRule:
    return AlertRule(
        slo.alerting.absent_name,
        f"absent({recorded(EVENTS, slo.name, SLICE)}) or absent({recorded(BAD_EVENTS, slo.name, SLICE)})",
        scaled(alert.for_seconds, time_scale),
        _sorted({**common.labels, "severity": literal(alert.severity)}),
        {**absent_annotations(slo, _for(alert, time_scale)), **common.annotations},
    )


def _sorted(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: labels[name] for name in sorted(labels)}


def _for(alert: AbsentAlert, time_scale: float) -> str:
    seconds = scaled(alert.for_seconds, time_scale)
    return format_duration(seconds) if seconds else ""


def _checked(slo: Slo, given: Mapping[str, str], kind: str) -> Mapping[str, str]:
    """Names and templates that Prometheus loads: one that it does not would cost all rules of the file."""
    for name, text in given.items():
        if not _LABEL_NAME.fullmatch(name) or name == "__name__":
            raise ValueError(f"SLO {slo.name}: {name!r} is no name of an alert's {kind}: use letters, digits and _")
        if wrong := problem(text):
            raise ValueError(f"SLO {slo.name}: the alert's {kind} {name} is no template that Prometheus loads: {wrong}")
    return given
