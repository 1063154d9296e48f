"""What an SLO says, whatever file format said it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from slos.duration import format_duration
from slos.problems import Place
from slos.tiers import DAY, TierName

CalendarUnit = Literal["week", "month", "quarter"]
Comparison = Literal["lt", "lte", "gt", "gte"]

WINDOW_PLACEHOLDER = "{{.window}}"
"""Stands for the range in a query, as in Sloth: `sum(rate(errors_total[{{.window}}]))`."""


@dataclass(frozen=True, slots=True)
class EventRatio:
    """Bad (or good) of all events; exactly one of `bad` and `good` is given.

    Each query is a counter's selector (`requests_total{code=~"5.."}`), a `sum(...)` of one, or an expression over
    `{{.window}}` made of `increase` or `rate`, that gives one series.
    """

    total: str
    bad: str | None = None
    good: str | None = None


@dataclass(frozen=True, slots=True)
class RawRatio:
    """A query that is itself an error ratio (0..1), over `{{.window}}` or of the moment.

    It says nothing about traffic, so every slice of time weighs the same.
    """

    query: str


@dataclass(frozen=True, slots=True)
class LatencyThreshold:
    """Events of a classic histogram that took longer than `threshold` (in the metric's unit), a bucket edge.

    `histogram` is a selector under the histogram's base name, such as `request_seconds{job="llm"}`.
    """

    histogram: str
    threshold: float


@dataclass(frozen=True, slots=True)
class GaugeThreshold:
    """Slices of time in which `query` does not compare with `value` as it should.

    A slice is good when `query <comparison> value` at its end; one without a value is not counted.
    """

    query: str
    comparison: Comparison
    value: float
    slice_seconds: float


Indicator = EventRatio | RawRatio | LatencyThreshold | GaugeThreshold


@dataclass(frozen=True, slots=True)
class RollingWindow:
    """The last `seconds` seconds."""

    seconds: float

    @property
    def label(self) -> str:
        return format_duration(self.seconds)


@dataclass(frozen=True, slots=True)
class CalendarWindow:
    """From the beginning of the week, month or quarter in a time zone (IANA name) until now.

    `first` aligns it: for a week the weekday that begins it (0 is Monday), for a quarter the first month of any of them
    (1..12), for a month 1.
    """

    unit: CalendarUnit
    time_zone: str
    first: int

    @property
    def seconds(self) -> float:
        """Nominal length: 7, 30 or 91 days; alert factors are made from it."""
        return {"week": 7, "month": 30, "quarter": 91}[self.unit] * DAY

    @property
    def label(self) -> str:
        return self.unit


Window = RollingWindow | CalendarWindow


@dataclass(frozen=True, slots=True)
class TierAlert:
    """How one tier alerts. Labels and annotations add to, and override, those of the SLO's alerting."""

    severity: str
    for_seconds: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AbsentAlert:
    """The alert for an SLI that has no data at all."""

    severity: str
    for_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class Alerting:
    """Who is told, and what: a tier that is not in `tiers` is switched off."""

    name: str
    absent_name: str
    tiers: Mapping[TierName, TierAlert]
    absent: AbsentAlert | None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    runbook: str | None = None


@dataclass(frozen=True, slots=True)
class Slo:
    """One objective (ratio 0..1, exclusive) for one indicator over one window.

    A window with fewer than `minimum_events` events neither alerts nor judges. `chaos_allowance` is the share of the
    error budget (1 is all) that chaos runs may spend in a calendar month; None: it does not say. `labels` and
    `annotations` are the document's own. `places` says where parts of it stand, by their names here: `objective`,
    `window`, `indicator.bad`, `alerting.tiers`, `labels.team`.
    """

    name: str
    service: str
    objective: float
    window: Window
    indicator: Indicator
    alerting: Alerting
    place: Place
    description: str = ""
    display_name: str = ""
    minimum_events: float = 0.0
    chaos_allowance: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)

    def place_of(self, part: str) -> Place:
        """Where `part` stands in its file; where the SLO begins if that is not known."""
        return self.places.get(part, self.place)


@dataclass(frozen=True, slots=True)
class Service:
    """A service that SLOs belong to (`kind: Service`)."""

    name: str
    place: Place
    display_name: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SloSet:
    """What a number of files declare together."""

    slos: tuple[Slo, ...] = ()
    services: tuple[Service, ...] = ()
