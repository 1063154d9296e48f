"""SLIs as typed declarations: which series an SLI is read from, and how they divide into good events and all events."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from clients.prometheus import Known, Reading, Series, Unknown
from probes.counters import bucket_increases, increase, span

HISTORY_SECONDS = 60.0


def history_seconds(window_seconds: float) -> float:
    """How far before a window samples are read, so that a counter that is new is told from one that is old."""
    return max(HISTORY_SECONDS, window_seconds)


class DeclarationError(ValueError):
    """An SLI that cannot be read as it is declared: what is wrong, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Good events and all events, as counted."""

    good: float
    total: float

    @property
    def bad(self) -> float:
        return self.total - self.good


class Sli(Protocol):
    """What every SLI says: its name, the selector of its series, and its events in a window (start, end]."""

    @property
    def name(self) -> str: ...

    @property
    def selector(self) -> str: ...

    def counts(self, series: Sequence[Series], start: float, end: float) -> Counts: ...


@dataclass(frozen=True, slots=True)
class EventRatio:
    """The share of good events of one counter, told apart by labels.

    An event is bad when, for every label of `bad`, the label's value matches the regular expression (anchored, as in
    PromQL). Good and bad are read at once, and an absent bad series is what it is: no bad events. A label that no
    series has is a mistake and no absence: it would make every event a good one.
    """

    name: str
    metric: str
    matchers: str
    bad: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.bad:
            raise DeclarationError(f'{self.name}: say which events are bad, such as bad: {{status: "5.."}}')
        for label, pattern in self.bad.items():
            try:
                re.compile(pattern)
            except re.error as error:
                raise DeclarationError(
                    f"{self.name}: bad.{label}: {pattern!r} is no regular expression: {error}"
                ) from error

    @property
    def selector(self) -> str:
        return f"{self.metric}{{{self.matchers}}}"

    def counts(self, series: Sequence[Series], start: float, end: float) -> Counts:
        self._check_labels(series)
        total = bad = 0.0
        for one in series:
            grown = increase(one.samples, start, end)
            total += grown
            if self._is_bad(one.labels):
                bad += grown
        return Counts(total - bad, total)

    def _check_labels(self, series: Sequence[Series]) -> None:
        present = {label for one in series for label in one.labels}
        for label in self.bad:
            if series and label not in present:
                raise DeclarationError(
                    f"{self.name}: no series of {self.selector} has the label {label!r} that is to say which events "
                    f"are bad, so all would count as good; take one of {', '.join(sorted(present))}"
                )

    def _is_bad(self, labels: Mapping[str, str]) -> bool:
        return all(re.fullmatch(pattern, labels.get(label, "")) for label, pattern in self.bad.items())


@dataclass(frozen=True, slots=True)
class LatencyShare:
    """The share of events of a classic histogram that took at most `threshold_seconds`, which must be a bucket edge."""

    name: str
    metric: str
    matchers: str
    threshold_seconds: float

    @property
    def selector(self) -> str:
        return f"{self.metric}_bucket{{{self.matchers}}}"

    def counts(self, series: Sequence[Series], start: float, end: float) -> Counts:
        buckets = bucket_increases(series, start, end)
        if buckets and self.threshold_seconds not in buckets:
            edges = ", ".join(f"{edge:g}" for edge in buckets if math.isfinite(edge))
            raise DeclarationError(
                f"{self.name}: {self.threshold_seconds:g} s is no bucket edge of {self.metric}, so no share can be "
                f"read there; take one of {edges}"
            )
        return Counts(buckets.get(self.threshold_seconds, 0.0), buckets.get(math.inf, 0.0))


@dataclass(frozen=True, slots=True)
class Measured:
    """An SLI's events in a window and the share of good ones."""

    counts: Counts
    share: Reading


@dataclass(frozen=True, slots=True)
class NotYet:
    """The window cannot be read yet, but may be when more has been scraped.

    `unscraped_seconds` is how much of its newer end is missing, when that is why.
    """

    reason: str
    unscraped_seconds: float = 0.0


def measure(sli: Sli, series: Sequence[Series], start: float, end: float) -> Measured | NotYet:
    """Read an SLI over (start, end] from samples that reach back before `start`.

    The window must be filled: a sample at or before its start, and one in its newer half.
    """
    covered = span(series)
    if covered is None:
        return NotYet(f"no series match {sli.selector}")
    if covered.newest <= start + (end - start) / 2:
        missing = end - covered.newest
        reason = f"the newest sample of {sli.selector} is {missing:.1f} s old, for a window of {end - start:.1f} s"
        return NotYet(reason, unscraped_seconds=missing)
    if covered.oldest > start:
        return NotYet(f"only {end - covered.oldest:.1f} of {end - start:.1f} s are there of {sli.selector}")
    counts = sli.counts(series, start, end)
    if counts.total <= 0:
        return Measured(counts, Unknown(f"no traffic: {sli.selector} counted nothing in {end - start:.1f} s"))
    return Measured(counts, Known(counts.good / counts.total, end))
