"""docs/slo-rules.md says what the rules are called, and nothing else is."""

import re
from pathlib import Path

from slos.model import AbsentAlert, CalendarWindow
from slos.rules import names
from slos.rules.compile import AlertRule, compile_slos
from slos.tiers import DAY, TIERS
from tests.slos.rules.declared import slo

TEXT = (Path(__file__).parents[3] / "docs" / "slo-rules.md").read_text()
TABLE = dict(re.findall(r"^\| `(slo:[\w:]+)` \| ([^|]*) \|", TEXT.partition("## Groups")[0], re.MULTILINE))
EVERY_RULE = [
    rule
    for group in compile_slos(
        [
            slo(window=CalendarWindow("month", "Europe/Berlin", 1)),
            slo(
                "other",
                window=30 * DAY,
                tiers=[tier.name for tier in TIERS],
                absent=AbsentAlert("page"),
                alerting={"runbook": "https://runbooks.example"},
            ),
        ]
    )
    for rule in group.rules
]


def test_every_name_is_in_the_table_and_every_name_of_the_table_is_one() -> None:
    public = {value for name, value in vars(names).items() if name.isupper()}

    assert set(TABLE) == public
    assert {rule.record for rule in EVERY_RULE if not isinstance(rule, AlertRule)} == public


def test_labels_of_every_series_are_documented() -> None:
    for rule in EVERY_RULE:
        if isinstance(rule, AlertRule) or rule.record == names.BURN_RATE:  # which keeps those of what it divides
            continue
        documented = re.findall(r"`(\w+)`", TABLE[rule.record])
        if rule.record == names.INFO:
            assert all(f"`{label}`" in TEXT for label in rule.labels)
        else:
            assert sorted(documented) == sorted(rule.labels)


def test_labels_and_annotations_of_alerts_are_documented() -> None:
    for rule in EVERY_RULE:
        if isinstance(rule, AlertRule):
            assert all(f"`{name}`" in TEXT for name in (*rule.labels, *rule.annotations))


def test_tiers_are_documented_as_they_are() -> None:
    for tier in TIERS:
        factor = tier.factor(30 * DAY)
        row = f"| `{tier.name}` | {tier.long}, {tier.short} | {factor:g} | {tier.budget_share:.0%} | `{tier.urgency}` |"
        assert row in TEXT
