"""Recorded series as the rules would leave them, made by hand: for tests of those that read them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from clients.prometheus import LabelledValue
from slos.budget.recorded import Recorded
from slos.duration import format_duration
from slos.rules.names import (
    BAD_EVENTS,
    BUDGET_REMAINING,
    BURN_RATE,
    CALENDAR_START,
    EVENTS,
    INFO,
    OBJECTIVE,
    WINDOW_COVERAGE,
)
from slos.tiers import DAY, recorded_windows

AT = 1_768_446_000.0  # 2026-01-15T03:00:00Z
AT_TEXT = "2026-01-15T03:00:00Z"


@dataclass(frozen=True)
class Series:
    """One recorded series: its newest value and the time of it (seconds since the epoch)."""

    metric: str
    labels: Mapping[str, str]
    value: float
    at: float


@dataclass
class FakeSlo:
    """What is recorded of one SLO; healthy unless a test says otherwise. `burn` and `events` override by window."""

    name: str = "llm-availability"
    service: str = "llm"
    objective: float = 0.999
    window: str = "28d"
    period_seconds: float = 28 * DAY
    budget: float | None = 0.75
    coverage: float | None = 1.0
    burn: dict[str, float | None] = field(default_factory=dict)
    events: dict[str, float | None] = field(default_factory=dict)
    minimum_events: str = "0"
    tiers: str = "fast-page,slow-page,fast-ticket,slow-ticket"
    calendar: str = ""
    time_zone: str = ""
    first: str = ""
    definition: str = ""
    time_scale: str = "1"
    age: float = 20.0
    long_age: float = 60.0
    bad_age: float | None = None
    """That of the bad events, where it is another."""
    without: tuple[str, ...] = ()
    """Labels that its slo:info lacks."""

    def series(self, at: float) -> Iterator[Series]:
        own = {"slo": self.name, "service": self.service}
        read, long_read = at - self.age, at - self.long_age
        info = own | {
            "window": self.window,
            "period_seconds": format(self.period_seconds, "g"),
            "minimum_events": self.minimum_events,
            "tiers": self.tiers,
            "alert": "LlmBudgetBurn",
            "indicator": "events",
            "calendar": self.calendar,
            "time_zone": self.time_zone,
            "first": self.first,
            "definition": self.definition,
            "time_scale": self.time_scale,
        }
        yield Series(INFO, {key: value for key, value in info.items() if key not in self.without}, 1, read)
        yield Series(OBJECTIVE, own, self.objective, read)
        labels = ["5m", *map(format_duration, recorded_windows(self.period_seconds)), self.window]
        for label in dict.fromkeys(labels):
            at_window = own | {"window": label}
            whole = 0.25 if self.budget is None else 1 - self.budget
            events, burn = self.events.get(label, 1000.0), self.burn.get(label, whole if label == self.window else 0.25)
            if events is not None:
                yield Series(EVENTS, at_window, events, read)
                yield Series(BAD_EVENTS, at_window, 0, at - (self.age if self.bad_age is None else self.bad_age))
            if burn is not None:
                yield Series(BURN_RATE, at_window, burn, long_read if label == self.window else read)
        if self.budget is not None:
            yield Series(BUDGET_REMAINING, own, self.budget, long_read)
        if self.coverage is not None:
            yield Series(WINDOW_COVERAGE, own, self.coverage, long_read)


def calendar_start(began: float, calendar: str = "month", time_zone: str = "UTC", first: str = "1") -> Series:
    labels = {"calendar": calendar, "time_zone": time_zone, "first": first}
    return Series(CALENDAR_START, labels, began, AT)


def recorded(*slos: FakeSlo, more: tuple[Series, ...] = (), warnings: tuple[str, ...] = ()) -> Recorded:
    """What reading these at the time AT gives."""
    everything = [*(series for slo in slos for series in slo.series(AT)), *more]

    def of(metric: str) -> tuple[LabelledValue, ...]:
        return tuple(LabelledValue(one.labels, one.value) for one in everything if one.metric == metric)

    def times(metric: str, window: str | None = None) -> tuple[LabelledValue, ...]:
        chosen = [one for one in everything if one.metric == metric and one.labels.get("window") == window]
        return tuple(LabelledValue(one.labels, one.at) for one in chosen)

    return Recorded(
        at=AT,
        infos=of(INFO),
        objectives=of(OBJECTIVE),
        burn_rates=of(BURN_RATE),
        events=of(EVENTS),
        budgets=of(BUDGET_REMAINING),
        coverages=of(WINDOW_COVERAGE),
        event_times=times(EVENTS, "5m"),
        bad_event_times=times(BAD_EVENTS, "5m"),
        budget_times=times(BUDGET_REMAINING),
        burn_times=tuple(LabelledValue(one.labels, one.at) for one in everything if one.metric == BURN_RATE),
        long_times=times(WINDOW_COVERAGE),
        calendar_starts=of(CALENDAR_START),
        warnings=warnings,
    )
