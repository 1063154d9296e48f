"""A dashboard as the JSON text that is committed, and that Grafana takes."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard


def text(dashboard: Dashboard) -> str:
    """The same text for the same dashboard, whatever the SDK's order of keys."""
    document: dict[str, Any] = json.loads(JSONEncoder().encode(dashboard))
    for shown_above in (*document["links"], *document["annotations"]["list"]):
        # The SDK hides all of them in a menu (grafana-foundation-sdk issues 1202 and 1272); without it they are seen.
        shown_above.pop("placement", None)
    for number, panel in enumerate(panels(document), start=1):
        panel["id"] = number  # links to one panel go by it
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def panels(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All panels of a dashboard, rows and what is in collapsed ones included, from the top."""
    for panel in document.get("panels") or ():
        yield panel
        yield from panels(panel)
