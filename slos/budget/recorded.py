"""What Prometheus has recorded of SLOs at one moment, put in order by SLO. The names are those of slos.rules.names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from slos.tiers import TIER, TierName


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
    the newest samples: of the events of the shortest window, and of the coverage, which the rules of the long windows
    always give. A warning is Prometheus's: something may be missing.
    """

    at: float
    infos: Samples = ()
    objectives: Samples = ()
    burn_rates: Samples = ()
    events: Samples = ()
    budgets: Samples = ()
    coverages: Samples = ()
    event_times: Samples = ()
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
    time_scale: float


def declared(labels: Mapping[str, str]) -> Declared:
    """The declaration in the labels of a `slo:info` series; raises MalformedInfoError."""
    return Declared(
        service=_text(labels, "service"),
        window=_text(labels, "window"),
        period_seconds=_number(labels, "period_seconds", above=0),
        minimum_events=_number(labels, "minimum_events"),
        tiers=_tiers(labels.get("tiers", "")),
        alert=labels.get("alert", ""),
        calendar=labels.get("calendar", ""),
        time_zone=labels.get("time_zone", ""),
        first=labels.get("first", ""),
        time_scale=_number(labels, "time_scale", above=0),
    )


@dataclass(slots=True)
class RecordedSlo:
    """The series of one SLO; mappings are by window label. `repeated` names the series that are there twice."""

    infos: list[Mapping[str, str]] = field(default_factory=list)
    burn_rates: dict[str, float] = field(default_factory=dict)
    events: dict[str, float] = field(default_factory=dict)
    single: dict[str, float] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)


def by_slo(recorded: Recorded) -> dict[str, RecordedSlo]:
    """The series of each SLO of which anything at all is recorded."""
    found: dict[str, RecordedSlo] = {}
    for info in recorded.infos:
        _of(found, info).infos.append(info.labels)
    for sample in recorded.burn_rates:
        slo = _of(found, sample)
        _put(slo, slo.burn_rates, sample.labels.get("window", ""), sample.value, "burn rate")
    for sample in recorded.events:
        slo = _of(found, sample)
        _put(slo, slo.events, sample.labels.get("window", ""), sample.value, "events")
    singles: tuple[tuple[str, Samples], ...] = (
        ("objective", recorded.objectives),
        ("budget", recorded.budgets),
        ("coverage", recorded.coverages),
        ("event time", recorded.event_times),
        ("long time", recorded.long_times),
    )
    for what, samples in singles:
        for sample in samples:
            slo = _of(found, sample)
            _put(slo, slo.single, what, sample.value, what)
    return found


def _of(found: dict[str, RecordedSlo], sample: LabelledValue) -> RecordedSlo:
    name = sample.labels.get("slo", "")
    slo = found.get(name)
    if slo is None:
        slo = found[name] = RecordedSlo()
    return slo


def _put(slo: RecordedSlo, values: dict[str, float], key: str, value: float, what: str) -> None:
    if key in values:
        slo.repeated.add(what)
    values[key] = value


def _text(labels: Mapping[str, str], name: str) -> str:
    if not (text := labels.get(name, "")):
        raise MalformedInfoError(f"the label {name} is missing")
    return text


def _number(labels: Mapping[str, str], name: str, above: float | None = None) -> float:
    text = _text(labels, name)
    try:
        number = float(text)
    except ValueError as error:
        raise MalformedInfoError(f"the label {name} is {text!r}, not a number") from error
    if not (0 <= number < float("inf")) or (above is not None and number <= above):
        raise MalformedInfoError(f"the label {name} is {text!r}, which cannot be")
    return number


def _tiers(text: str) -> tuple[TierName, ...]:
    names = {name for name in text.split(",") if name}
    if unheard := names - set(TIER):
        raise MalformedInfoError(f"the label tiers names {', '.join(sorted(unheard))}, which is no tier")
    return tuple(name for name in TIER if name in names)
