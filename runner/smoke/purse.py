"""The error budget that a set of runs shares: what is spent of it, and what the next run may spend. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Purse:
    """`limit` is the largest share of any SLO's budget that all runs may spend; `spent` is by the SLO's name."""

    limit: float
    spent: Mapping[str, float] = field(default_factory=dict)

    def left(self, slos: Sequence[str]) -> float:
        """What a run that watches these SLOs may spend of each: the least that is left of any of them, 0 or more."""
        return max(0.0, min((self.limit - self.spent.get(slo, 0.0) for slo in slos), default=self.limit))

    def exhausted(self, slos: Sequence[str]) -> str:
        """The SLO of which nothing is left, if there is one. A set that may spend nothing exhausts nothing by that."""
        gone = (slo for slo in slos if self.spent.get(slo, 0.0) > 0 and self.spent[slo] >= self.limit)
        return next(gone, "")

    def charged(self, costs: Mapping[str, float]) -> "Purse":
        """The purse after a run."""
        spent = {slo: self.spent.get(slo, 0.0) + costs.get(slo, 0.0) for slo in {**self.spent, **costs}}
        return Purse(self.limit, spent)


def costs(
    slos: Sequence[str], spent: Mapping[str, float], allowed: float, *, broke_something: bool
) -> dict[str, float]:
    """What a run cost each of its SLOs. Where that is not known, it is all that it was allowed: nothing is for free."""
    if not broke_something:
        return {}
    return {slo: spent.get(slo, allowed) for slo in slos}
