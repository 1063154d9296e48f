"""A dashboard as the JSON text that is committed, and that Grafana takes."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard


def text(dashboard: Dashboard) -> str:
    """The same text for the same dashboard, whatever the SDK's order of keys."""
    document: dict[str, Any] = json.loads(JSONEncoder().encode(dashboard), object_hook=_seen)
    for number, panel in enumerate(panels(document), start=1):
        panel["id"] = number  # links to one panel go by it
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _seen(fields: dict[str, Any]) -> dict[str, Any]:
    """Links and annotations where they are seen.

    The SDK puts all of them into a menu and cannot be told otherwise (grafana-foundation-sdk issues 1202 and 1272).
    """
    return {name: value for name, value in fields.items() if name != "placement" or value != "inControlsMenu"}


def panels(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All panels of a dashboard, rows and what is in collapsed ones included, from the top."""
    for panel in document.get("panels") or ():
        yield panel
        yield from panels(panel)
