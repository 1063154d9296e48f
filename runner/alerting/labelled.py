"""What the rules of an alert make of the labels that somebody typed, and whom it reaches with them. Pure.

A route is asked for with a name and a few labels; the real alert has those of its rule, too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from actions.alerts.matcher import Labels
from clients.prometheus_alerts import RuleOfAlert
from runner.alerting.routing import Routing

_TEMPLATE = "{{"
_NAME = "alertname"


@dataclass(frozen=True, slots=True)
class Variant:
    """An alert as one of its rules labels it: `sets` is what differs from the labels given."""

    sets: Mapping[str, str]
    receivers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Labelled:
    """What Prometheus says of the labels given. `looked` is False where nobody could be asked, and `problem` why."""

    looked: bool = False
    variants: tuple[Variant, ...] = ()
    problem: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What to tell whoever typed the labels."""
        return tuple(self._notes())

    def receivers_beside(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """The receivers that the real alert reaches and that are none of those."""
        return tuple(sorted({name for one in self.variants for name in one.receivers} - set(wanted)))

    def _notes(self) -> Iterator[str]:
        if self.problem:
            yield self.problem
        for one in self.variants:
            sets = ", ".join(f"{name}={value}" for name, value in one.sets.items())
            yield f"its rule also sets {sets}; with those: {', '.join(one.receivers)}"


AS_GIVEN = "the labels are taken as given, and a rule adds its own (severity, slo): {}"


def labelled(rules: Sequence[RuleOfAlert], given: Labels, routing: Routing) -> Labelled:
    """The alert of that name as its rules label it; rules that contradict the labels only where all of them do.

    Labels that are templates are left out: what they become is not known before the alert fires.
    """
    name = given.get(_NAME, "")
    if not name:
        return Labelled(looked=True)
    named = [_set_by(rule) for rule in rules if rule.name == name]
    if not named:
        close = get_close_matches(name, sorted({rule.name for rule in rules}), n=3)
        meant = f": did you mean {' or '.join(close)}?" if close else ""
        return Labelled(True, problem=f"Prometheus has no rule called {name}{meant}")
    agreeing = [one for one in named if all(given.get(label, value) == value for label, value in one.items())]
    variants: list[Variant] = []
    for labels in agreeing or named:
        sets = {label: value for label, value in labels.items() if given.get(label) != value}
        variant = Variant(sets, routing.receivers_of({**given, **labels}))
        if sets and variant not in variants:
            variants.append(variant)
    return Labelled(True, tuple(variants))


def _set_by(rule: RuleOfAlert) -> dict[str, str]:
    return {name: value for name, value in rule.labels.items() if _TEMPLATE not in value}
