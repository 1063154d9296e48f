"""Deletion: preconditions, finalizers, and the time that a pod is given to stop."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lab.apiserver.errors import Document, bad_request, conflict
from lab.apiserver.kinds import NAMESPACE, POD
from lab.apiserver.store import Store, Stored

_PROPAGATION_FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """The parts of metav1.DeleteOptions that the server heeds."""

    grace_seconds: int | None = None
    uid: str | None = None
    version: str | None = None
    propagation: str = "Background"
    dry_run: bool = False


def parse_delete_options(body: Any, query: dict[str, str]) -> DeleteOptions:
    """Options from a request's body, or from its query where the body is silent."""
    options = body if isinstance(body, dict) else {}
    preconditions = options.get("preconditions") or {}
    grace = options.get("gracePeriodSeconds", query.get("gracePeriodSeconds"))
    try:
        grace_seconds = None if grace is None else int(grace)
    except (TypeError, ValueError) as error:
        raise bad_request(f"gracePeriodSeconds must be a number, not {grace!r}") from error
    orphan = options.get("orphanDependents", query.get("orphanDependents"))
    default = "Orphan" if orphan in (True, "true") else "Background"
    return DeleteOptions(
        grace_seconds=grace_seconds,
        uid=preconditions.get("uid"),
        version=preconditions.get("resourceVersion"),
        propagation=options.get("propagationPolicy") or query.get("propagationPolicy") or default,
        dry_run=bool(options.get("dryRun") or query.get("dryRun")),
    )


def delete_object(store: Store, stored: Stored, options: DeleteOptions) -> tuple[Stored, bool]:
    """Delete, or mark as going: the object as it then is, and whether it is gone."""
    _check_preconditions(stored, options)
    if options.dry_run:
        return stored, False
    document = stored.document()
    metadata = document["metadata"]
    if finalizer := _PROPAGATION_FINALIZERS.get(options.propagation):
        if finalizer not in metadata.setdefault("finalizers", []):
            metadata["finalizers"].append(finalizer)
    elif not metadata.get("finalizers"):
        metadata.pop("finalizers", None)
    grace = _grace_seconds(stored, document, options)
    if grace == 0 and not metadata.get("finalizers") and stored.kind is not NAMESPACE:
        return store.remove(stored), True
    if _already_going(metadata, grace):
        return stored, False
    metadata["deletionTimestamp"] = (datetime.now(UTC) + timedelta(seconds=grace)).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata["deletionGracePeriodSeconds"] = grace
    if stored.kind.generation:
        metadata["generation"] = metadata.get("generation", 1) + 1
    if stored.kind is NAMESPACE:
        metadata.pop("deletionGracePeriodSeconds")
        document["status"] = {**document.get("status", {}), "phase": "Terminating"}
    return store.put(stored.kind, document), False


def finished(document: Document) -> bool:
    """Whether nothing holds an object any more that is being deleted."""
    metadata = document["metadata"]
    going = metadata.get("deletionTimestamp") and not metadata.get("deletionGracePeriodSeconds")
    return bool(going and not metadata.get("finalizers") and not _is_namespace_with_finalizers(document))


def _is_namespace_with_finalizers(document: Document) -> bool:
    return document.get("kind") == "Namespace" and bool((document.get("spec") or {}).get("finalizers"))


def _check_preconditions(stored: Stored, options: DeleteOptions) -> None:
    kind = stored.kind
    if options.uid is not None and options.uid != stored.uid:
        why = f"Precondition failed: UID in precondition: {options.uid}, UID in object meta: {stored.uid}"
        raise conflict(kind.group, kind.plural, stored.name, why)
    if options.version is not None and options.version != str(stored.version):
        versions = f"{options.version}, ResourceVersion in object meta: {stored.version}"
        why = f"Precondition failed: ResourceVersion in precondition: {versions}"
        raise conflict(kind.group, kind.plural, stored.name, why)


def _grace_seconds(stored: Stored, document: Document, options: DeleteOptions) -> int:
    """Only a pod that is bound to a node and not over yet needs time to stop."""
    if stored.kind is not POD:
        return 0
    phase = (document.get("status") or {}).get("phase")
    if not document["spec"].get("nodeName") or phase in ("Succeeded", "Failed"):
        return 0
    asked = options.grace_seconds
    if asked is None:
        asked = int(document["spec"].get("terminationGracePeriodSeconds", 30))
    return 1 if asked < 0 else asked


def _already_going(metadata: Document, grace: int) -> bool:
    """A later deletion can only shorten the time that an earlier one gave."""
    if "deletionTimestamp" not in metadata:
        return False
    return grace >= int(metadata.get("deletionGracePeriodSeconds", 0))
