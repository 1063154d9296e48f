"""Conditions: the typed true/false/unknown statements in an object's status."""

from collections.abc import Iterable

from lab.controllers.timestamps import stamp
from lab.kubeclient import Document


def find(document: Document, kind: str) -> Document | None:
    """The condition of type `kind` in the object's status, if it has one."""
    return next((c for c in document.get("status", {}).get("conditions") or [] if c["type"] == kind), None)


def is_true(document: Document, kind: str) -> bool:
    """Whether the object's status says that `kind` is True."""
    condition = find(document, kind)
    return condition is not None and condition["status"] == "True"


def condition(kind: str, status: bool | str, reason: str, message: str = "", **more: str) -> Document:
    """A condition of now; `status` may be a plain bool or "Unknown"."""
    text = status if isinstance(status, str) else str(status)
    return {"type": kind, "status": text, "reason": reason, "message": message, "lastTransitionTime": stamp(), **more}


def merged(old: Iterable[Document] | None, new: Iterable[Document]) -> list[Document]:
    """`old` with `new` put in by type: what did not change is kept as it is, times included."""
    result = {c["type"]: c for c in old or ()}
    for fresh in new:
        known = result.get(fresh["type"])
        if known is None:
            result[fresh["type"]] = fresh
        elif any(known.get(field, "") != value for field, value in fresh.items() if field != "lastTransitionTime"):
            kept = known.get("lastTransitionTime") if known["status"] == fresh["status"] else None
            result[fresh["type"]] = {**known, **fresh, "lastTransitionTime": kept or fresh["lastTransitionTime"]}
    return list(result.values())
