"""A rule file as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """A series that Prometheus computes at every evaluation of its group."""

    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AlertRule:
    """An alert that fires while its expression has given something for `for_seconds`.

    Values of labels and annotations are Go templates.
    """

    alert: str
    expr: str
    for_seconds: float
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


Rule = RecordingRule | AlertRule


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that are evaluated one after the other, each seeing what those before it have recorded."""

    name: str
    interval_seconds: float
    rules: tuple[Rule, ...]
