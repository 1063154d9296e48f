"""What an alert tells the person that it wakes: what burns, how fast, how much is left, and what to do next.

The texts are Go templates. Templates cannot divide, so that numbers come from queries.
"""

import shlex

from slos.duration import format_duration, scaled
from slos.model import EventRatio, GaugeThreshold, LatencyThreshold, RawRatio, Slo
from slos.promql.selectors import quoted
from slos.rules.calendar import start_series
from slos.rules.go_template import literal
from slos.rules.literals import number, recorded
from slos.rules.names import BAD_EVENTS, BUDGET_REMAINING, BURN_RATE, EVENTS
from slos.rules.windows import period
from slos.tiers import Tier

_PERCENT = 'printf "%.1f%%"'
"""Of a number in percent; humanizePercentage would write -1.99e+04%."""


class BurnTexts:
    """The annotations of an SLO's burn alerts; an alert's value is the burn rate over its tier's long window."""

    def __init__(self, slo: Slo, time_scale: float) -> None:
        """What is the same for all tiers is written once."""
        self._slo = slo
        self._time_scale = time_scale
        self._service = literal(f"service {slo.service}")
        self._summary = (
            f'{literal(_title(slo))} burns its error budget {{{{ $value | printf "%.1f" }}}} times as fast as it may'
        )
        self._allowed = (
            f"The objective of {_percent(slo.objective)} over {_span(slo)} allows {_percent(1 - slo.objective)}.\n"
            f"Error budget left: {_value(f'100 * {recorded(BUDGET_REMAINING, slo.name)}', _PERCENT, 'unknown')}."
        )
        self._next = "\n".join(
            [*_purpose(slo), literal(f"Find out what spends it: chaos slo burn {shlex.quote(slo.name)}")]
        )

    def of(self, tier: Tier) -> dict[str, str]:
        """Summary and description."""
        description = f"{self._bad(tier)}\n{self._allowed}\n{_gone(self._slo, tier, self._time_scale)}\n{self._next}"
        return {"summary": self._summary, "description": description}

    def _bad(self, tier: Tier) -> str:
        """How bad it was over the tier's long window, in its real length."""
        name, service = self._slo.name, self._service
        ratio = f"{recorded(BAD_EVENTS, name, tier.long)} / {recorded(EVENTS, name, tier.long)}"
        share = _value(ratio, "humanizePercentage", "an unknown share")
        window = format_duration(scaled(tier.long_seconds, self._time_scale))
        match self._slo.indicator:
            case EventRatio():
                return f"Over the last {window}, {share} of the events of {service} were bad."
            case LatencyThreshold(threshold=threshold):
                return (
                    f"Over the last {window}, {share} of the events of {service} took longer than {number(threshold)}."
                )
            case RawRatio():
                return f"Over the last {window}, the error ratio of {service} was {share}."
            case GaugeThreshold():
                return f"For {share} of the last {window}, {service} was outside of its bound."


def absent_annotations(slo: Slo, waited: str) -> dict[str, str]:
    """Summary and description of an SLI without data."""
    since = f" for {waited}" if waited else ""
    parts = [
        literal(f"Nothing has been known of service {slo.service}{since}: no burn can be seen, and no other alert of "),
        literal(f"this SLO can fire. The query without data: {_query(slo)}"),
    ]
    steps = [
        "Are the targets up (Prometheus: Status > Targets)? Was a metric or label renamed by a release?",
        *_purpose(slo),
        literal(f"What this SLO knows: chaos slo status {shlex.quote(slo.name)}"),
    ]
    return {"summary": literal(f"{_title(slo)} has no data"), "description": "\n".join(["".join(parts), *steps])}


def _title(slo: Slo) -> str:
    return slo.display_name or slo.name


def _purpose(slo: Slo) -> list[str]:
    return [literal(f"What it promises: {' '.join(slo.description.split())}")] if slo.description.strip() else []


def _gone(slo: Slo, tier: Tier, time_scale: float) -> str:
    """When the budget is gone at the burn of the alert: slos.burn's seconds_to_exhaustion, as PromQL."""
    left = f"clamp_min({recorded(BUDGET_REMAINING, slo.name)}, 0)"
    burn = recorded(BURN_RATE, slo.name, tier.long)
    window = period(slo, time_scale)
    if window.calendar is None:
        seconds = number(scaled(window.seconds, time_scale))
        query = f"{left} * {seconds} / ignoring (window) {burn}"
    else:
        elapsed = f"scalar(time() - {start_series(window.calendar)})"
        query = f"{left} * {elapsed} / ignoring (window) ({burn} - 1 > 0)"
    gone = (
        "{{ if gt (. | first | value) 0.0 }}At this rate it is gone in {{ . | first | value | humanizeDuration }}."
        "{{ else }}It is gone.{{ end }}"
    )
    unknown = "When it is gone is unknown." if window.calendar is None else "At this rate it outlasts the window."
    return f"{{{{ with query {_go_string(query)} }}}}{gone}{{{{ else }}}}{unknown}{{{{ end }}}}"


def _value(query: str, form: str, otherwise: str) -> str:
    """The first value of a query in some form; another text where it gives none."""
    found = f"{{{{ . | first | value | {form} }}}}"
    return f"{{{{ with query {_go_string(query)} }}}}{found}{{{{ else }}}}{otherwise}{{{{ end }}}}"


def _go_string(text: str) -> str:
    return quoted(text) if "`" in text else f"`{text}`"


def _span(slo: Slo) -> str:
    label = slo.window.label
    return label if label[0].isdigit() else f"a {label}"


def _percent(ratio: float) -> str:
    return f"{ratio * 100:.6g}%"


def _query(slo: Slo) -> str:
    match slo.indicator:
        case EventRatio(total=query) | RawRatio(query=query) | GaugeThreshold(query=query):
            return " ".join(query.split())
        case LatencyThreshold(histogram=histogram):
            return f"{' '.join(histogram.split())} (its _count and _bucket)"
