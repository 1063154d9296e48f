"""SLOs compiled to groups of recording and alerting rules. docs/slo-rules.md says what each rule means."""

from collections.abc import Iterable

from slos.model import Slo
from slos.rules.alerts import alerts
from slos.rules.calendar import start_rule
from slos.rules.intervals import (
    LONG_INTERVAL_SECONDS,
    MAXIMUM_TIME_SCALE,
    SHORT_INTERVAL_SECONDS,
    evaluation_seconds,
)
from slos.rules.recording import long_rules, short_rules
from slos.rules.rule import AlertRule, RecordingRule, Rule, RuleGroup
from slos.rules.windows import period
from slos.tiers import TIER

__all__ = ["AlertRule", "RecordingRule", "Rule", "RuleGroup", "compile_slo", "compile_slos"]

CALENDAR_GROUP = "slos:calendar"
"""Groups of SLOs begin with `slo:`, whatever they are called."""


def compile_slos(slos: Iterable[Slo], time_scale: float = 1.0) -> tuple[RuleGroup, ...]:
    """The rule groups of all SLOs, and before them one with the beginnings of the calendar windows in use.

    Raises ValueError as compile_slo does.
    """
    chosen = tuple(slos)
    groups = [group for slo in chosen for group in compile_slo(slo, time_scale)]
    calendars = {calendar for slo in chosen if (calendar := period(slo, time_scale).calendar) is not None}
    if not calendars:
        return tuple(groups)
    ordered = sorted(calendars, key=lambda window: (window.unit, window.time_zone, window.first))
    starts = RuleGroup(
        CALENDAR_GROUP, evaluation_seconds(LONG_INTERVAL_SECONDS, time_scale), tuple(map(start_rule, ordered))
    )
    return (starts, *groups)


def compile_slo(slo: Slo, time_scale: float = 1.0) -> tuple[RuleGroup, ...]:
    """The two groups of one SLO: windows straight from its indicator, and windows summed from slices.

    Raises ValueError (PromqlError is one) for what no rules can be made of: a query that does not count, a tier that
    can never fire or whose long window is not shorter than the SLO's, a template that Prometheus would not load, a time
    scale outside of 1..300. `chaos slo validate` finds all of these, with their places.
    """
    if not 1 <= time_scale <= MAXIMUM_TIME_SCALE:
        raise ValueError(f"a time scale is 1 to {MAXIMUM_TIME_SCALE:g}, not {time_scale:g}")
    _check_tiers(slo)
    short: tuple[Rule, ...] = (*short_rules(slo, time_scale), *alerts(slo, time_scale))
    long: tuple[Rule, ...] = tuple(long_rules(slo, time_scale))
    return (
        RuleGroup(f"slo:{slo.name}", evaluation_seconds(SHORT_INTERVAL_SECONDS, time_scale), short),
        RuleGroup(f"slo:{slo.name}:long", evaluation_seconds(LONG_INTERVAL_SECONDS, time_scale), long),
    )


def _check_tiers(slo: Slo) -> None:
    for name in slo.alerting.tiers:
        if not TIER[name].reachable(slo.window.seconds, slo.objective):
            raise ValueError(f"SLO {slo.name}: tier {name} can never fire: switch it off with mlchaos.io/tiers")
        if TIER[name].long_seconds >= slo.window.seconds:
            raise ValueError(
                f"SLO {slo.name}: the window of {slo.window.label} is too short for tier {name}: switch it off with "
                "mlchaos.io/tiers"
            )
