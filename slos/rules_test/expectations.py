"""What a test file asserts: alerts and recorded values, as promtool's expression tests."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from slos.burn import Counts, budget_left, burn_rate
from slos.duration import format_duration
from slos.model import CalendarWindow, Slo
from slos.promql.language import quoted
from slos.rules.names import BAD_EVENTS, BUDGET_REMAINING, BURN_RATE, EVENTS, OBJECTIVE, WINDOW_COVERAGE
from slos.rules_test.prediction import STRAIGHT_SECONDS, Alerts, Prediction
from slos.rules_test.scenarios import Scenario
from slos.tiers import SLICE_SECONDS, TIER, TierName, recorded_windows

_STRAIGHT_PRECISION = 0.01
"""Rates over raw samples are extrapolated."""
_SUMMED_PRECISION = 0.0005
"""One slice of three days is a thousandth."""


@dataclass(frozen=True, slots=True)
class Expected:
    """An expression and every series that it gives at `at` (declared seconds): labels (with `__name__`) and value."""

    at: float
    expr: str
    series: tuple[tuple[Mapping[str, str], float], ...] = field(default=())


def expected_alerts(slo: Slo, alerts: list[Alerts]) -> Iterator[Expected]:
    """What fires before and after every change, and at the end."""
    for index in range(1, len(alerts)):
        now = alerts[index]
        following = alerts[index + 1] if index + 1 < len(alerts) else None
        changed = (now.tiers, now.absent) != (alerts[index - 1].tiers, alerts[index - 1].absent)
        changes = following is None or (now.tiers, now.absent) != (following.tiers, following.absent)
        if changed or changes:
            yield from _firing(slo, now)


def expected_values(slo: Slo, scenario: Scenario, prediction: Prediction, at: float) -> Iterator[Expected]:
    """The counts and burn rates of every window that is known exactly, the budget left, and how much is covered."""
    whole = prediction.whole(at)
    period = slo.window.seconds
    windows = [(seconds, format_duration(seconds)) for seconds in recorded_windows(period)]
    windows += [(period, slo.window.label)] if scenario.whole_window else []
    for seconds, label in windows:
        is_whole = label == slo.window.label
        if scenario.source == "recorded" and seconds <= STRAIGHT_SECONDS:
            continue
        window = whole if is_whole else prediction.counts(seconds, at)
        if window is None or (seconds <= STRAIGHT_SECONDS and not window.uniform) or window.least != window.most:
            continue
        summed = seconds > STRAIGHT_SECONDS
        full = (is_whole and summed) or scenario.source == "recorded" or window.present_seconds >= seconds
        # Of history, the slice that ends at an evaluation is not known yet.
        complete = full and not (scenario.source == "history" and summed)
        precision = _SUMMED_PRECISION if summed else _STRAIGHT_PRECISION
        yield from _window_values(slo, label, window.least, at, complete, precision)
    yield Expected(at, f"{OBJECTIVE}{_chosen(slo)}", ((_labels(slo, __name__=OBJECTIVE), slo.objective),))
    if whole is None or not scenario.whole_window:
        return
    if whole.least == whole.most and (period > STRAIGHT_SECONDS or whole.uniform):
        ratio = whole.least.error_ratio
        left = () if ratio is None else ((_labels(slo), 0.0),)
        expected = 0.0 if ratio is None else budget_left(ratio, slo.objective)
        yield Expected(at, f"round({BUDGET_REMAINING}{_chosen(slo)} - {expected:.9f}, 0.002)", left)
    if not isinstance(slo.window, CalendarWindow):
        covered = whole.present_seconds // SLICE_SECONDS * SLICE_SECONDS / period
        expr = f"round({WINDOW_COVERAGE}{_chosen(slo)} / {covered!r}, {_STRAIGHT_PRECISION})"
        yield Expected(at, expr, ((_labels(slo), 1.0),))


def _window_values(
    slo: Slo, label: str, counts: Counts, at: float, complete: bool, precision: float
) -> Iterator[Expected]:
    if complete:
        yield _near(slo, EVENTS, label, counts.total, at, precision)
        yield _near(slo, BAD_EVENTS, label, counts.bad, at, precision)
    ratio = counts.error_ratio
    if ratio is None:
        yield Expected(at, f"{BURN_RATE}{_chosen(slo, window=label)}")
    else:
        yield _near(slo, BURN_RATE, label, burn_rate(ratio, slo.objective), at, precision)


def _near(slo: Slo, name: str, window: str, value: float, at: float, precision: float) -> Expected:
    """The recorded value as a share of what it has to be, which is 1; nothing is near enough to 0 but 0."""
    series = f"{name}{_chosen(slo, window=window)}"
    labels = _labels(slo, window=window)
    if value == 0:
        return Expected(at, f"round({series}, 0.000001)", ((labels, 0.0),))
    return Expected(at, f"round({series} / {value!r}, {precision})", ((labels, 1.0),))


def _firing(slo: Slo, alerts: Alerts) -> Iterator[Expected]:
    predicted = sorted(alerts.tiers)
    everything = len(predicted) == len(slo.alerting.tiers)
    if predicted or everything:
        tier = 'tier!=""' if everything else f'tier=~"{"|".join(predicted)}"'
        firing = [_tier_labels(slo, name) for name in predicted if alerts.tiers[name]]
        yield _alerts(slo, alerts.at, tier, firing)
    if alerts.absent is not None:
        absent = [_absent_labels(slo)] if alerts.absent and slo.alerting.absent else []
        yield _alerts(slo, alerts.at, 'tier=""', absent)


def _alerts(slo: Slo, at: float, tier: str, firing: list[dict[str, str]]) -> Expected:
    """Labels that are templates are left out: what they give is not known here."""
    templates = sorted({name for labels in firing for name, text in labels.items() if "{{" in text})
    expr = f'ALERTS{{alertstate="firing",slo={quoted(slo.name)},{tier}}}'
    if templates:
        expr = f"max without ({', '.join(['__name__', *templates])}) ({expr})"
    known = [
        {
            name: text
            for name, text in labels.items()
            if name not in templates and not (templates and name == "__name__")
        }
        for labels in firing
    ]
    return Expected(at, expr, tuple((labels, 1.0) for labels in known))


def _tier_labels(slo: Slo, name: TierName) -> dict[str, str]:
    tier, alert = TIER[name], slo.alerting.tiers[name]
    own = {"severity": alert.severity, "tier": tier.name, "window": tier.long}
    return _alert_labels(slo, slo.alerting.name, {**slo.alerting.labels, **alert.labels, **own})


def _absent_labels(slo: Slo) -> dict[str, str]:
    severity = slo.alerting.absent.severity if slo.alerting.absent else ""
    own = {"severity": severity, "window": format_duration(SLICE_SECONDS)}
    return _alert_labels(slo, slo.alerting.absent_name, {**slo.alerting.labels, **own})


def _alert_labels(slo: Slo, name: str, labels: Mapping[str, str]) -> dict[str, str]:
    firing = {"__name__": "ALERTS", "alertname": name, "alertstate": "firing"}
    return {**labels, **firing, **_labels(slo)}


def _labels(slo: Slo, **more: str) -> dict[str, str]:
    return {"slo": slo.name, "service": slo.service, **more}


def _chosen(slo: Slo, **labels: str) -> str:
    chosen = {"slo": slo.name, **labels}
    return "{" + ",".join(f"{name}={quoted(value)}" for name, value in chosen.items()) + "}"
