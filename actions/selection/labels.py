"""Label selectors as objects carry them. Pure."""

from collections.abc import Mapping
from typing import Any


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector selects something with these labels: none selects nothing, an empty one everything."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_holds(requirement, labels) for requirement in selector.get("matchExpressions") or ())


def _holds(requirement: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    present = requirement["key"] in labels
    listed = labels.get(requirement["key"]) in (requirement.get("values") or ())
    held = {"In": present and listed, "NotIn": not (present and listed), "Exists": present, "DoesNotExist": not present}
    return held[requirement["operator"]]
