"""The mark that a fault leaves on a node which it changes: an annotation, written in the very request of the change.

It says what was there before, as it was when the change was made, and it goes in the very request of the undo. So a
node with the mark has the change, a node without it has not, wherever a process was killed; and what a run left on a
node can be found without its ledger (`kubectl get nodes -o json`, annotations `undo.mlchaos.io/...`).
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import JsonValue

from actions.nodes.node import Node

PREFIX = "undo.mlchaos.io/"
Before = Mapping[str, JsonValue]


def mark_key(record_id: str) -> str:
    """The annotation's name. A record's id is a DNS label, so it may follow the slash."""
    return PREFIX + record_id


def mark_value(fault: str, run: str, expires_at: float, before: Before) -> str:
    """The annotation's value: whose it is, until when (UTC), and what to restore."""
    expires = datetime.fromtimestamp(expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"fault": fault, "run": run, "expires": expires, "before": dict(before)}, sort_keys=True)


def marks_of(node: Node) -> list[str]:
    """The ids of the records whose faults are on the node."""
    return sorted(key.removeprefix(PREFIX) for key in node.annotations if key.startswith(PREFIX))


def before_of(node: Node, record_id: str, otherwise: Before) -> Before | None:
    """What was there before the fault; None where it is not on the node. `otherwise` is for a mark somebody broke."""
    value = node.annotations.get(mark_key(record_id))
    if value is None:
        return None
    try:
        before = json.loads(value)["before"]
    except (ValueError, KeyError, TypeError):
        return otherwise
    return before if isinstance(before, dict) else otherwise
