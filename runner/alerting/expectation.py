"""What an experiment expects of an alert. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runner.alerting.timeline import Muting
from runner.experiment.guard_block import ExpectedAlert

PAGE = "page"
"""The severity of what wakes somebody up."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """An alert that the fault must fire. Limits are in seconds.

    `fires_within` counts from the fault, `resolves_within` from the recovery of the SLOs (None: not asked), and
    `notified_within` from the alert to its notification and from its end to the notification of that.
    """

    alert: str
    severity: str
    receiver: str
    fires_within: float
    notified_within: float
    resolves_within: float | None = None
    muted_by: Muting | None = None

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels is meant: one name may have tiers of several severities."""
        return labels.get("alertname") == self.alert and labels.get("severity") == self.severity

    def __str__(self) -> str:
        return f"{self.alert} ({self.severity})"


def expectations(declared: Iterable[ExpectedAlert]) -> tuple[Expectation, ...]:
    """The `alerts` of a guard's block."""
    return tuple(
        Expectation(
            one.alert,
            one.severity,
            one.receiver,
            one.fires_within_seconds,
            one.notified_within_seconds,
            one.resolves_within_seconds,
            one.muted_by,
        )
        for one in declared
    )
