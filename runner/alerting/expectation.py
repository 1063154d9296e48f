"""What an experiment expects of an alert. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from clients.prometheus_alerts import RuleOfAlert
from runner.alerting.timeline import Muting
from runner.experiment.guard_block import ExpectedAlert

PAGE = "page"
"""The severity of what wakes somebody up."""
TEMPLATE = "{{"


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
    slo: str | None = None
    """Only alerts with this label `slo` are meant; None: whatever it is."""

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels is meant: one name may have tiers of several severities, and be of
        several SLOs."""
        if self.slo is not None and labels.get("slo") != self.slo:
            return False
        return labels.get("alertname") == self.alert and labels.get("severity") == self.severity

    def is_of(self, rule: RuleOfAlert) -> bool:
        """Whether a rule may fire it: a label that is a template may become anything."""
        wanted = (self.severity, rule.severity), (self.slo, rule.labels.get("slo", ""))
        return rule.name == self.alert and all(one is None or said == one or TEMPLATE in said for one, said in wanted)

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
            one.slo,
        )
        for one in declared
    )


class AmbiguousError(Exception):
    """It is not known of which SLO an expected alert is meant to be."""


def of_one_slo(
    expected: Iterable[Expectation], rules: Sequence[RuleOfAlert], own: Collection[str], declared: Callable[[str], bool]
) -> tuple[Expectation, ...]:
    """Each with the SLO whose alert is meant, where its rules are of one: the alert of another SLO proves nothing.

    Of several that of `own`, the names of the guard's SLOs, is meant; the only one may be of any that is `declared`
    here. Raises AmbiguousError where that is not one.
    """
    return tuple(_of_one_slo(one, rules, own, declared) for one in expected)


def _of_one_slo(
    expectation: Expectation, rules: Sequence[RuleOfAlert], own: Collection[str], declared: Callable[[str], bool]
) -> Expectation:
    slos = {rule.labels.get("slo", "") for rule in rules if expectation.is_of(rule)}
    if expectation.slo is not None or not slos or any(TEMPLATE in slo for slo in slos):
        return expectation
    if slos == {""}:
        return expectation
    meant = sorted(slos & set(own)) or [slo for slo in slos if len(slos) == 1 and declared(slo)]
    if len(meant) != 1:
        told = ", ".join(slo or "none" for slo in sorted(slos))
        raise AmbiguousError(
            f"{expectation} may be of another SLO than is meant (its rules are of {told}): "
            f"say in `alerts` of which it is (slo: NAME)"
        )
    return replace(expectation, slo=meant[0])
