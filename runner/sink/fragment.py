"""The part of Alertmanager's configuration that lets the sink see notifications. Pure."""

from collections.abc import Sequence
from urllib.parse import quote

import yaml

_HEAD = """\
# For Alertmanager's configuration: merge each webhook into the receiver of its name, and reload. No route changes, and
# every receiver is notified as before. The sink then sees who is told what, and so that nobody else is.
"""


def fragment(receivers: Sequence[str], sink_url: str) -> str:
    """One webhook for each receiver; `sink_url` is where Alertmanager reaches the sink."""
    address = sink_url.rstrip("/")
    entries = [
        {
            "name": name,
            "webhook_configs": [{"url": f"{address}/alerts/{quote(name, safe='')}", "send_resolved": True}],
        }
        for name in receivers
    ]
    return _HEAD + yaml.safe_dump({"receivers": entries}, sort_keys=False)
