"""How a chain is put into a Secret, and the original back: in one write each, and never over somebody else's change.

The write that puts it in names the version of the Secret that the backup holds. So the backup, the write and the undo
may each be repeated, be late, or die half-way:

- The backup comes first, and goes last. While it is there, what is in the Secret can be told: the original, ours, or
  something that somebody else has put there since (a renewal), which stays.
- The undo always changes the Secret before it deletes the backup, if only by setting its mark and taking it away again.
  From then on a write that was under way names a version that is gone, and is refused by the API.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any

from actions.certificates.backup import Backup, BackupError, backup_name, differences, read_backup
from actions.certificates.secret import SECRETS, annotations, called, encoded, mark_of, marks
from actions.fault import RefusedError
from clients.kube import ConflictError, Document, Kube, NotFoundError

logger = logging.getLogger("chaostoolkit")


def find_secret(kube: Kube, namespace: str, name: str) -> Document | None:
    """The Secret, or None where there is none."""
    try:
        return kube.get(SECRETS, name, namespace)
    except NotFoundError:
        return None


def keep(kube: Kube, document: Document) -> Backup:
    """Create the backup; the one that is there already, where an earlier attempt has made it."""
    namespace = document["metadata"]["namespace"]
    try:
        return read_backup(kube.create(SECRETS, document, namespace))
    except ConflictError:
        return read_backup(kube.get(SECRETS, document["metadata"]["name"], namespace))


def put_in(kube: Kube, backup: Backup, tag: str, mark: Mapping[str, str | float]) -> None:
    """Replace the entry, and mark the Secret, if it still is the version that the backup holds. Raises RefusedError."""
    metadata = backup.original["metadata"]
    patch = {
        "metadata": {
            "resourceVersion": backup.resource_version,
            "annotations": {mark_of(tag): json.dumps(mark, sort_keys=True)},
        },
        "data": {backup.entry: backup.injected},
    }
    try:
        kube.patch(SECRETS, metadata["name"], patch, metadata["namespace"])
    except ConflictError as error:
        present = find_secret(kube, metadata["namespace"], metadata["name"])
        if present is not None and tag in marks(present):
            return  # an earlier attempt got through
        raise RefusedError(
            f"{called(backup.original)} has been changed just now by somebody else: run it again"
        ) from error


def is_in(kube: Kube, namespace: str, name: str, tag: str) -> bool:
    """Is our chain in the Secret, with its original in the backup?"""
    secret, kept = find_secret(kube, namespace, name), find_secret(kube, namespace, backup_name(tag))
    if secret is None or kept is None:
        return False
    backup = read_backup(kept)
    return tag in marks(secret) and encoded(secret, backup.entry) == backup.injected


def take_out(kube: Kube, namespace: str, name: str, tag: str) -> None:
    """Put the original back, if ours is in its place, and delete the backup.

    Raises BackupError, and ConflictError where somebody else was faster: then it has to be called again.
    """
    secret, kept = find_secret(kube, namespace, name), find_secret(kube, namespace, backup_name(tag))
    if kept is None:
        if secret is not None and tag in marks(secret):
            raise BackupError(
                f"{called(secret)} still has the fault in it, and its backup {backup_name(tag)} is gone: issue its "
                f"certificate anew, then run: kubectl -n {namespace} annotate secret {name} {mark_of(tag)}-"
            )
        return
    backup = read_backup(kept)
    if secret is None:
        logger.warning("Secret %s/%s was deleted meanwhile and stays so; its backup goes too", namespace, name)
    else:
        _restore(kube, secret, backup, tag)
    try:
        kube.delete(SECRETS, backup_name(tag), namespace, uid=backup.uid)
    except NotFoundError:
        logger.debug("Backup %s is gone already", backup_name(tag))


def is_out(kube: Kube, namespace: str, name: str, tag: str) -> bool:
    """Is nothing of the fault left, neither in the Secret nor beside it?"""
    secret = find_secret(kube, namespace, name)
    return (secret is None or tag not in marks(secret)) and find_secret(kube, namespace, backup_name(tag)) is None


def _restore(kube: Kube, secret: Document, backup: Backup, tag: str) -> None:
    """Make the Secret what it would be without us; it is written in any case."""
    if encoded(secret, backup.entry) == backup.injected:
        _compare(backup, _write(kube, secret, tag, {backup.entry: backup.value}))
        return
    if encoded(secret, backup.entry) != backup.value:
        logger.warning(
            "%s: its %s was renewed by somebody else while the fault was in; that stays", called(secret), backup.entry
        )
    if tag not in marks(secret):
        secret = _set_mark(kube, secret, tag)
    _write(kube, secret, tag, {})


def _write(kube: Kube, secret: Document, tag: str, data: Mapping[str, str]) -> Document:
    """Take the mark away, and put `data` in."""
    left = set(annotations(secret)) - {mark_of(tag)}
    patch: dict[str, Any] = {
        "metadata": {
            "resourceVersion": secret["metadata"]["resourceVersion"],
            "annotations": {mark_of(tag): None} if left else None,
        }
    }
    if data:
        patch["data"] = dict(data)
    return _patch(kube, secret, patch)


def _set_mark(kube: Kube, secret: Document, tag: str) -> Document:
    metadata = {"resourceVersion": secret["metadata"]["resourceVersion"], "annotations": {mark_of(tag): "undoing"}}
    return _patch(kube, secret, {"metadata": metadata})


def _patch(kube: Kube, secret: Document, patch: Mapping[str, Any]) -> Document:
    return kube.patch(SECRETS, secret["metadata"]["name"], patch, secret["metadata"]["namespace"])


def _compare(backup: Backup, present: Document) -> None:
    """What was put back is what was there; what else differs is somebody else's and is only told."""
    changed = tuple(differences(backup.original, present))
    if f"data {backup.entry}" in changed:
        raise BackupError(
            f"{called(present)}: the API took the original {backup.entry} and has stored something else; does an "
            "admission webhook change it?"
        )
    if changed:
        logger.warning(
            "%s: changed by somebody else while the fault was in, and left so: %s", called(present), ", ".join(changed)
        )
