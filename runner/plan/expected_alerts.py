"""The alerts that a guard's block expects, against the rules that Prometheus has loaded. Pure.

A warning and no refusal: that a rule was deleted is what a run has to find out, too.
"""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from clients.prometheus_alerts import RuleOfAlert
from runner.experiment.guard_block import ExpectedAlert

_TEMPLATE = "{{"


def unknown_alerts(expected: Sequence[ExpectedAlert], rules: Sequence[RuleOfAlert]) -> Iterator[str]:
    """A line for each expected alert that no rule can fire, with what may be meant."""
    names = sorted({rule.name for rule in rules})
    for one in expected:
        severities = sorted({rule.severity for rule in rules if rule.name == one.alert})
        if not severities:
            yield f"expected alert {one.alert}: Prometheus has no rule of this name{_meant(one.alert, names)}"
        elif one.severity not in severities and not any(_TEMPLATE in severity for severity in severities):
            there = ", ".join(severity or "none" for severity in severities)
            yield (
                f"expected alert {one.alert}: no rule of this name has severity {one.severity}, they have {there}"
                f"{_meant(one.severity, severities)}"
            )


def _meant(typed: str, known: Sequence[str]) -> str:
    close = get_close_matches(typed, known, n=3)
    return f": did you mean {' or '.join(close)}?" if close else ""
