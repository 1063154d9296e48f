"""What Prometheus has recorded of SLOs at one moment, put in order by SLO. The names are those of slos.rules.names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, get_args

from slos.duration import DurationError, parse_duration
from slos.model import CalendarUnit, CalendarWindow
from slos.rules.intervals import MAXIMUM_TIME_SCALE
from slos.tiers import TIER, TierName

_UNITS: Mapping[str, CalendarUnit] = {unit: unit for unit in get_args(CalendarUnit)}
_MILLISECOND = 0.001


class LabelledValue(Protocol):
    """One series of an instant vector."""

    @property
    def labels(self) -> Mapping[str, str]: ...

    @property
    def value(self) -> float: ...


Samples = Sequence[LabelledValue]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The recorded series at the time `at` (seconds since the epoch).

    `events` are needed for SLOs with minimum events only. The `..._times` are the times (seconds since the epoch) of
    the newest samples: of the events and the bad events of the shortest window, of the budgets, of the burn rates of
    the SLOs' whole windows, and of the coverage, which the rules of the long windows always give, and as the last of
    them: `long_times` are read before the rest, the others after it. A warning is Prometheus's: something may be
    missing.
    """

    at: float
    infos: Samples = ()
    objectives: Samples = ()
    burn_rates: Samples = ()
    events: Samples = ()
    budgets: Samples = ()
    coverages: Samples = ()
    event_times: Samples = ()
    bad_event_times: Samples = ()
    budget_times: Samples = ()
    burn_times: Samples = ()
    long_times: Samples = ()
    calendar_starts: Samples = ()
    warnings: tuple[str, ...] = ()


class MalformedInfoError(ValueError):
    """A `slo:info` series that lacks a label or holds what cannot be: which one."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What `slo:info` says of an SLO. Seconds are nominal; real ones are shorter by `time_scale`."""

    service: str
    window: str
    period_seconds: float
    minimum_events: float
    tiers: tuple[TierName, ...]
    alert: str
    calendar: str
    time_zone: str
    first: str
    definition: str
    time_scale: float


def declared(labels: Mapping[str, str]) -> Declared:
    """The declaration in the labels of a `slo:info` series; raises MalformedInfoError."""
    window = _text(labels, "window")
    return Declared(
        service=_text(labels, "service"),
        window=window,
        period_seconds=_period(labels, window),
        minimum_events=_number(labels, "minimum_events"),
        tiers=_tiers(labels.get("tiers", "")),
        alert=labels.get("alert", ""),
        calendar=_calendar(labels),
        time_zone=labels.get("time_zone", ""),
        first=labels.get("first", ""),
        definition=labels.get("definition", ""),
        time_scale=_time_scale(labels),
    )


@dataclass(slots=True)
class RecordedSlo:
    """The series of one SLO; mappings are by window label, and None is not recorded.

    Times are as in Recorded. `repeated` names the series that are there twice.
    """

    infos: list[Mapping[str, str]] = field(default_factory=list)
    info: float | None = None
    objective: float | None = None
    budget: float | None = None
    coverage: float | None = None
    event_time: float | None = None
    bad_event_time: float | None = None
    budget_time: float | None = None
    long_time: float | None = None
    burn_rates: dict[str, float] = field(default_factory=dict)
    burn_times: dict[str, float] = field(default_factory=dict)
    events: dict[str, float] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)


def by_slo(recorded: Recorded) -> dict[str, RecordedSlo]:
    """The series of each SLO of which anything at all is recorded."""
    found: dict[str, RecordedSlo] = {}
    for info in recorded.infos:
        slo = _of(found, info)
        slo.infos.append(info.labels)
        slo.info = info.value
    for sample in recorded.burn_rates:
        slo = _of(found, sample)
        _put(slo, slo.burn_rates, sample.labels.get("window", ""), sample.value, "burn rate")
    for sample in recorded.burn_times:
        _of(found, sample).burn_times[sample.labels.get("window", "")] = sample.value
    for sample in recorded.events:
        slo = _of(found, sample)
        _put(slo, slo.events, sample.labels.get("window", ""), sample.value, "events")
    for slo, value in _each(found, recorded.objectives):
        slo.objective = _once(slo, slo.objective, value, "objective")
    for slo, value in _each(found, recorded.budgets):
        slo.budget = _once(slo, slo.budget, value, "budget")
    for slo, value in _each(found, recorded.coverages):
        slo.coverage = _once(slo, slo.coverage, value, "coverage")
    for slo, value in _each(found, recorded.event_times):
        slo.event_time = _once(slo, slo.event_time, value, "event time")
    for slo, value in _each(found, recorded.bad_event_times):
        slo.bad_event_time = _once(slo, slo.bad_event_time, value, "bad event time")
    for slo, value in _each(found, recorded.budget_times):
        slo.budget_time = _once(slo, slo.budget_time, value, "budget time")
    for slo, value in _each(found, recorded.long_times):
        slo.long_time = _once(slo, slo.long_time, value, "long time")
    return found


def _each(found: dict[str, RecordedSlo], samples: Samples) -> Iterator[tuple[RecordedSlo, float]]:
    for sample in samples:
        yield _of(found, sample), sample.value


def _of(found: dict[str, RecordedSlo], sample: LabelledValue) -> RecordedSlo:
    name = sample.labels.get("slo", "")
    slo = found.get(name)
    if slo is None:
        slo = found[name] = RecordedSlo()
    return slo


def _once(slo: RecordedSlo, before: float | None, value: float, what: str) -> float:
    if before is not None:
        slo.repeated.add(what)
    return value


def _put(slo: RecordedSlo, values: dict[str, float], key: str, value: float, what: str) -> None:
    if key in values:
        slo.repeated.add(what)
    values[key] = value


def _text(labels: Mapping[str, str], name: str) -> str:
    if not (text := labels.get(name, "")):
        raise MalformedInfoError(f"the label {name} is missing")
    return text


def _number(labels: Mapping[str, str], name: str) -> float:
    text = _text(labels, name)
    try:
        number = float(text.replace("_", "?"))  # float() takes 1_000 for a number, Prometheus does not
    except ValueError as error:
        raise MalformedInfoError(f"the label {name} is {text!r}, not a number") from error
    if not (0 <= number < float("inf")):
        raise _impossible(labels, name)
    return number


def _period(labels: Mapping[str, str], window: str) -> float:
    """The length of the window, which is also what its label says: that of a calendar window is nominal."""
    if window in _UNITS:
        seconds = CalendarWindow(_UNITS[window], "", 0).seconds
    else:
        try:
            seconds = parse_duration(window)
        except DurationError as error:
            raise _impossible(labels, "window") from error
    if abs(_number(labels, "period_seconds") - seconds) > _MILLISECOND:
        raise _impossible(labels, "period_seconds")
    return seconds


def _calendar(labels: Mapping[str, str]) -> str:
    calendar = labels.get("calendar", "")
    if calendar and (calendar not in _UNITS or calendar != labels["window"]):
        raise _impossible(labels, "calendar")
    return calendar


def _time_scale(labels: Mapping[str, str]) -> float:
    scale = _number(labels, "time_scale")
    if not 1 <= scale <= MAXIMUM_TIME_SCALE:
        raise _impossible(labels, "time_scale")
    return scale


def _impossible(labels: Mapping[str, str], name: str) -> MalformedInfoError:
    return MalformedInfoError(f"the label {name} is {labels[name]!r}, which cannot be")


def _tiers(text: str) -> tuple[TierName, ...]:
    names = {name for name in text.split(",") if name}
    if unheard := names - set(TIER):
        raise MalformedInfoError(f"the label tiers names {', '.join(sorted(unheard))}, which is no tier")
    return tuple(name for name in TIER if name in names)
