"""Asking Prometheus, when it is over, when an SLO burned fast enough for its alert, and what that predicts.

It is a replay of the burn arithmetic over counted events, at the times at which the rules were really evaluated; those
are read off what the SLO's group records every time. Windows of up to 6h are counted from the indicator's own series,
and not from what the rules recorded: an alert that is gone, or wrong, must not hide that it should have fired. Longer
windows are read from the sums that the rules recorded: they are known only as far as those rules worked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from clients.prometheus import Prometheus, Series
from runner.alerting.look import Crossing, Prediction
from runner.alerting.prediction import AlertTerms, course_of, predict, quickest, terms_of
from slos.burn import Counts, burn_rate
from slos.model import Slo
from slos.rules.counts import CountExpressions, counts
from slos.rules.literals import recorded
from slos.rules.names import BAD_EVENTS, EVENTS, OBJECTIVE
from slos.rules.windows import STRAIGHT_SECONDS
from slos.tiers import TIERS, Tier

LABEL = "mlchaos_alert"
MOST_POINTS = 400
SHORTEST_STEP_SECONDS = 0.1
MOST_INSTANTS = 40
KNOWN_SHARE = 0.8
"""Of the time looked at, so much must have data before it is said that nothing crossed."""


@dataclass(frozen=True, slots=True)
class Burning:
    """An SLO and the tiers of its alert that are looked for; the time scale is that of the rules."""

    slo: Slo
    tiers: tuple[Tier, ...]
    time_scale: float

    @property
    def terms(self) -> AlertTerms:
        slo = self.slo
        return AlertTerms(
            slo.objective,
            tuple(
                terms_of(tier, slo.window.seconds, self.time_scale, slo.alerting.tiers[tier.name].for_seconds)
                for tier in self.tiers
            ),
            slo.minimum_events,
        )


def burning(slo: Slo, severity: str, time_scale: float) -> Burning | None:
    """The tiers of an SLO's alert with this severity; None where it has none."""
    tiers = tuple(
        tier for tier in TIERS if tier.name in slo.alerting.tiers and slo.alerting.tiers[tier.name].severity == severity
    )
    return Burning(slo, tiers, time_scale) if tiers else None


def measure_crossing(prometheus: Prometheus, burning: Burning, start: float, end: float) -> Crossing:
    """When both windows of a tier burned above its factor first, in [start, end] (seconds since the epoch).

    Raises PrometheusError.
    """
    start = round(start, 3)  # Prometheus counts in milliseconds, too
    step = round(max((end - start) / MOST_POINTS, SHORTEST_STEP_SECONDS), 3)
    parts: list[str] = []
    for tier in burning.tiers:
        for name, seconds in (("long", tier.long_seconds), ("short", tier.short_seconds)):
            expressions = _window(burning, seconds)
            parts.append(_labelled(expressions.bad, f"{tier.name}:{name}:bad"))
            parts.append(_labelled(expressions.total, f"{tier.name}:{name}:total"))
    answer = prometheus.matrix("\nor ".join(parts), start, end, step)
    values = {series.labels[LABEL]: _by_time(series) for series in answer.series if LABEL in series.labels}
    instants = [start + step * index for index in range(int((end - start) / step) + 1)]
    return crossing(burning, values, instants)


def crossing(burning: Burning, values: Mapping[str, Mapping[int, float]], instants: Sequence[float]) -> Crossing:
    """The first instant at which a tier burned; `values` are counts by `<tier>:<window>:<what>` and milliseconds."""
    known, highest, nearest = 0, 0.0, ""
    for at in instants:
        read = False
        for tier in burning.tiers:
            rates = _rates(burning, tier, values, at)
            if rates is None:
                continue
            read = True
            lower, factor = min(rates), tier.factor(burning.slo.window.seconds)
            if lower > factor and _enough(burning, tier, values, at):
                burns, limit = _apart(lower, factor)
                return Crossing(at, f"{tier.name}: {burns} in both windows, above {limit}")
            if lower / factor > highest:
                burns, limit = _apart(lower, factor)
                highest, nearest = lower / factor, f"{burns} in both windows of {tier.name}, which asks {limit}"
        known += read
    name = burning.slo.name
    if known < KNOWN_SHARE * len(instants):
        reason = f"the events of SLO {name} could not be counted all the time: was it scraped?"
        return Crossing(None, reason, known=False)
    reason = f"SLO {name} never burned fast enough: at most {nearest}" if nearest else f"SLO {name} did not burn at all"
    return Crossing(None, reason)


def _apart(burns: float, limit: float) -> tuple[str, str]:
    """Both in one precision, which tells them apart where they are not the same."""
    digits = next((digits for digits in range(4, 17) if f"{burns:.{digits}g}" != f"{limit:.{digits}g}"), 4)
    return f"{burns:.{digits}g}", f"{limit:.{digits}g}"


def measure_prediction(
    prometheus: Prometheus, burning: Burning, intended_at: float, end: float, fired_at: float | None
) -> Prediction:
    """When it should have fired, by what was counted from just before the fault until `end` (seconds since the epoch).

    Raises PrometheusError.
    """
    slo = burning.slo
    instants = evaluations(prometheus, slo.name, intended_at, end)
    if not instants:
        return Prediction(None, f"the rules of SLO {slo.name} were not evaluated after the fault")
    windows = sorted({seconds for tier in burning.tiers for seconds in (tier.long_seconds, tier.short_seconds)})
    before = {
        seconds: events
        for seconds in windows
        if (events := _events(prometheus, _window(burning, seconds), intended_at)) is not None
    }
    since = _since(prometheus, burning, intended_at, _thinned(instants), before.get(windows[0]))
    if not since:
        return Prediction(None, f"no events of SLO {slo.name} were counted after the fault")
    nested = [(seconds / burning.time_scale, events) for seconds, events in before.items()]
    fires = predict(course_of(intended_at, nested, since), burning.terms, instants)
    until = fired_at or (fires.at if fires is not None else None)
    if until is not None:  # the first moments are too short to say a ratio by
        until = max(until, intended_at + windows[0] / burning.time_scale)
    told = _told(burning, _until(since, until), _interval(instants), fires.tier if fires is not None else "")
    return Prediction(fires.at if fires is not None else None, told)


def _since(
    prometheus: Prometheus, burning: Burning, intended_at: float, instants: Sequence[float], before: Counts | None
) -> list[tuple[float, Counts]]:
    """The events from the fault until each instant.

    A counter needs two samples, which the time since the fault may not hold yet: so they are counted from the shortest
    window before the fault on, and those `before` it taken off.
    """
    known = before or Counts(0.0, 0.0)
    shortest = min(tier.short_seconds for tier in burning.tiers) / burning.time_scale if before is not None else 0.0
    found: list[tuple[float, Counts]] = []
    for at in instants:
        events = _events(prometheus, _real(burning, at - intended_at + shortest), at)
        if events is not None:
            total = max(events.total - known.total, 0.0)
            found.append((at, Counts(min(max(events.bad - known.bad, 0.0), total), total)))
    return found


def evaluations(prometheus: Prometheus, slo: str, start: float, end: float) -> tuple[float, ...]:
    """When the rules of an SLO were evaluated, after `start`. Raises PrometheusError."""
    answer = prometheus.raw(recorded(OBJECTIVE, slo), start, end)
    return tuple(sorted({sample.at for series in answer.series for sample in series.samples if sample.at > start}))


def _told(burning: Burning, events: Counts, interval: float | None, by: str) -> str:
    """How it was found, in words; `by` is the tier that it was found by, where it was."""
    ratio = events.error_ratio
    if ratio is None:
        return "no events after the fault"
    told = f"{100 * ratio:.3g}% of {events.total:.0f} events since the fault were bad"
    quick = quickest(burning.terms, ratio)
    found = f"; predicted by {by}, whose windows have what was before the fault, too" if by else ""
    if quick is None:
        return f"{told}, which steadily never fires it{found}"
    tier, seconds = quick
    found = "" if by == tier.name else found
    every = f", and rules are evaluated every {interval:g} s" if interval is not None else ""
    return f"{told}; steadily, {tier.name} takes {seconds:.1f} s{every}{found}"


def _window(burning: Burning, seconds: float) -> CountExpressions:
    """The counts of a declared window: straight from the indicator, or the recorded sums where it is too long."""
    if seconds <= STRAIGHT_SECONDS:
        return counts(burning.slo.indicator, seconds, burning.time_scale)
    tier = next(tier for tier in burning.tiers if seconds in (tier.long_seconds, tier.short_seconds))
    label = tier.long if seconds == tier.long_seconds else tier.short
    name = burning.slo.name
    return CountExpressions(f"max({recorded(BAD_EVENTS, name, label)})", f"max({recorded(EVENTS, name, label)})")


def _real(burning: Burning, seconds: float) -> CountExpressions:
    """The counts of so many seconds of real time."""
    return counts(burning.slo.indicator, round(seconds, 3) * burning.time_scale, burning.time_scale)


def _events(prometheus: Prometheus, expressions: CountExpressions, at: float) -> Counts | None:
    query = f"{_labelled(expressions.bad, 'bad')}\nor {_labelled(expressions.total, 'total')}"
    values = {one.labels.get(LABEL): one.value for one in prometheus.vector(query, at).samples}
    bad, total = values.get("bad"), values.get("total")
    if bad is None or total is None or not (0 <= total < float("inf")) or bad != bad:
        return None
    return Counts(max(bad, 0.0), total)


def _labelled(expression: str, label: str) -> str:
    return f'label_replace({expression}, "{LABEL}", "{label}", "", "")'


def _by_time(series: Series) -> dict[int, float]:
    return {_milliseconds(sample.at): sample.value for sample in series.samples}


def _milliseconds(at: float) -> int:
    return round(at * 1000)


def _rates(
    burning: Burning, tier: Tier, values: Mapping[str, Mapping[int, float]], at: float
) -> tuple[float, float] | None:
    """The burn rates over both windows; None where one is not known."""
    rates: list[float] = []
    for window in ("long", "short"):
        total = values.get(f"{tier.name}:{window}:total", {}).get(_milliseconds(at))
        bad = values.get(f"{tier.name}:{window}:bad", {}).get(_milliseconds(at))
        if total is None or bad is None:
            return None
        rates.append(burn_rate(min(bad / total, 1.0), burning.slo.objective) if total > 0 else 0.0)
    return rates[0], rates[1]


def _enough(burning: Burning, tier: Tier, values: Mapping[str, Mapping[int, float]], at: float) -> bool:
    return values[f"{tier.name}:short:total"][_milliseconds(at)] >= burning.slo.minimum_events


def _thinned(instants: Sequence[float]) -> Sequence[float]:
    """At most so many of them that asking about each is quick; the first and the last are among them."""
    if len(instants) <= MOST_INSTANTS:
        return instants
    return sorted(
        {instants[round(index * (len(instants) - 1) / (MOST_INSTANTS - 1))] for index in range(MOST_INSTANTS)}
    )


def _until(since: Sequence[tuple[float, Counts]], at: float | None) -> Counts:
    """The events from the fault until `at`, or until the last count."""
    reached = [events for time, events in since if at is None or time <= at + 1e-3]
    return reached[-1] if reached else since[0][1]


def _interval(instants: Sequence[float]) -> float | None:
    """The seconds between two evaluations; where some were missed on a busy machine, between those that were not."""
    gaps = [later - earlier for earlier, later in pairwise(instants)]
    return round(min(gaps), 3) if gaps else None
