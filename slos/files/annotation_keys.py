"""The annotations of an OpenSLO document that say how to alert, and what chaos may cost: their names and meanings."""

from collections.abc import Mapping
from typing import Any

from slos.tiers import TIERS

PREFIX = "mlchaos.io/"
KEYS: Mapping[str, str] = {
    "minimum-events": "Windows with fewer events neither alert nor judge.",
    "alert-name": "Name of the burn alerts; the SLO's name in CamelCase and BudgetBurn when absent.",
    "absent-alert-name": "Name of the alert for missing data; the SLO's name in CamelCase and SliAbsent when absent.",
    "tiers": "Tiers switched on, joined by commas, or none; all when absent.",
    "absent": "Severity of the alert for missing data, or off.",
    "for.absent": "How long data must be missing; 5m when absent.",
    "runbook": "Link to the runbook.",
    "chaos-allowance": "Share of the budget that chaos runs may spend in a calendar month (UTC), such as 20%.",
    **{f"severity.{tier.name}": f"Severity of the {tier.name} tier; {tier.urgency} when absent." for tier in TIERS},
    **{f"for.{tier.name}": f"How long the {tier.name} tier burns before it fires; 0s when absent." for tier in TIERS},
}
OPEN_KEYS: Mapping[str, str] = {
    "alert-label.": "A label of every alert, by the name that follows.",
    "alert-annotation.": "An annotation of every alert, by the name that follows.",
}
"""Beginnings that a name follows."""


def annotations_schema() -> dict[str, Any]:
    """JSON Schema of annotations: ours, nothing else under our prefix, and any others."""
    known = "|".join(key.replace(".", r"\.") for key in KEYS)
    opened = "|".join(f"{key}." for key in (start.replace(".", r"\.") for start in OPEN_KEYS))
    prefix = PREFIX.replace(".", r"\.")
    return {
        "properties": {PREFIX + key: {"type": "string", "description": meaning} for key, meaning in KEYS.items()},
        "patternProperties": {f"^{prefix}(?!(?:{known})$|(?:{opened}))": False},
    }
