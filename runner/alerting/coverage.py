"""Which alerting rules runs have proven, and which only look as if somebody would be paged. Pure.

An alert counts as proven by a run whose timeline of it was proven; runs that expected it to be muted say nothing of its
way. The page alerts of one SLO share their name, and a run does not tell its tiers apart: they are one row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from clients.prometheus_alerts import RuleOfAlert
from runner.store.values import AlertProof, AlertTry

CoverageState = Literal["proven", "old", "lost", "never proven", "never tried", "gone"]
"""lost: a later run lost it. old: the last proof is older than asked for. gone: runs proved an alert that has
no rule in Prometheus (any more)."""

_TEMPLATE = "{{"


@dataclass(frozen=True, slots=True)
class CoveredAlert:
    """An alert and what runs say of it. `tiers` are those of its rules; `problem` is what Prometheus says of a rule."""

    alert: str
    slo: str
    severity: str
    state: CoverageState
    tiers: tuple[str, ...] = ()
    tries: int = 0
    proven: int = 0
    last: AlertTry | None = None
    last_proven: AlertTry | None = None
    problem: str = ""

    @property
    def covered(self) -> bool:
        """Whether its way is known to work."""
        return self.state == "proven" and not self.problem


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every alert of a severity, those that need work first. `untold` are rules whose severity is a template."""

    alerts: tuple[CoveredAlert, ...]
    untold: tuple[str, ...] = ()

    @property
    def covered(self) -> int:
        return sum(one.covered for one in self.alerts)

    @property
    def whole(self) -> bool:
        """Whether nothing is left to prove. No alert at all proves nothing."""
        return bool(self.alerts) and self.covered == len(self.alerts) and not self.untold


def cover(
    rules: Iterable[RuleOfAlert], proofs: Sequence[AlertProof], severity: str, now: float, oldest: float | None
) -> Coverage:
    """The rules of `severity` against what runs proved; a proof from before `oldest` seconds ago is too old."""
    loaded = list(rules)
    named: dict[tuple[str, str], list[RuleOfAlert]] = {}
    for rule in loaded:
        if rule.severity == severity:
            named.setdefault((rule.name, rule.labels.get("slo", "")), []).append(rule)
    wanted = [proof for proof in proofs if proof.severity == severity]
    found = [
        _covered(name, slo, severity, members, [one for one in wanted if _about(one, name, slo)], now, oldest)
        for (name, slo), members in named.items()
    ]
    found += [
        CoveredAlert(one.alert, one.slo, severity, "gone", (), one.tries, one.proven, one.last, one.last_proven)
        for one in wanted
        if one.last_proven is not None and not any(_about(one, name, slo) for name, slo in named)
    ]
    untold = sorted({rule.name for rule in loaded if _TEMPLATE in rule.severity})
    return Coverage(tuple(sorted(found, key=lambda one: (one.covered, one.alert, one.slo))), tuple(untold))


def _about(proof: AlertProof, alert: str, slo: str) -> bool:
    """Whether a proof is about this alert; where one of both names no SLO, the alert's name alone tells it."""
    return proof.alert == alert and (proof.slo == slo or not proof.slo or not slo)


def _covered(
    alert: str,
    slo: str,
    severity: str,
    rules: Sequence[RuleOfAlert],
    proofs: Sequence[AlertProof],
    now: float,
    oldest: float | None,
) -> CoveredAlert:
    last = max((one.last for one in proofs), key=lambda one: one.at, default=None)
    proven = [one.last_proven for one in proofs if one.last_proven is not None]
    last_proven = max(proven, key=lambda one: one.at, default=None)
    failing = [rule.problem or "its rule fails" for rule in rules if rule.healthy is False]
    return CoveredAlert(
        alert=alert,
        slo=slo,
        severity=severity,
        state=_state(last, last_proven, now, oldest),
        tiers=tuple(dict.fromkeys(rule.labels["tier"] for rule in rules if "tier" in rule.labels)),
        tries=sum(one.tries for one in proofs),
        proven=sum(one.proven for one in proofs),
        last=last,
        last_proven=last_proven,
        problem="; ".join(dict.fromkeys(failing)),
    )


def _state(last: AlertTry | None, last_proven: AlertTry | None, now: float, oldest: float | None) -> CoverageState:
    if last is None:
        return "never tried"
    if last_proven is None:
        return "never proven"
    if last.timeline.outcome == "lost" and last.at > last_proven.at:
        return "lost"
    return "old" if oldest is not None and now - last_proven.at > oldest else "proven"
