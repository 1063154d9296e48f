"""The backup beside a Secret whose certificate is replaced: the original bit for bit, and what replaced it. Pure.

The original lies in one entry, its metadata included. They are not the backup's own, because labels and annotations of
a Secret make controllers act on it.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from actions.certificates.chain import Chain
from actions.fault import RefusedError
from clients.kube import Document

MAX_SECRET_BYTES = 1 << 20
"""What Kubernetes lets a Secret hold."""
BACKUP_TYPE = "mlchaos.io/backup"
RUN_LABEL = "mlchaos.io/run"
MANAGER_LABEL = "app.kubernetes.io/managed-by"
EXPIRY_ANNOTATION = "mlchaos.io/expires-at"
_ORIGINAL, _INJECTED, _ENTRY = "original.json", "injected.crt", "entry"


class BackupError(Exception):
    """A backup that is not what mlchaos has written, or is gone: what a person has to do. Never what is in it."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What was there (`original`, with its resourceVersion), and what is put into `entry` of it (base64)."""

    original: Document
    entry: str
    injected: str
    uid: str = ""

    def __repr__(self) -> str:
        return f"Backup({self.original['metadata']['name']}, {self.entry})"

    @property
    def resource_version(self) -> str:
        """Of the original when it was read: whoever replaces or restores it has to know that version."""
        return str(self.original["metadata"]["resourceVersion"])

    @property
    def value(self) -> str:
        """What was in the entry, in base64."""
        return str(self.original["data"][self.entry])


def backup_name(tag: str) -> str:
    """The backup of the fault `tag`."""
    return f"{tag}-backup"


def new_backup(original: Document, entry: str, injected: Chain) -> Backup:
    """A backup of a Secret that is about to get another chain."""
    return Backup(original, entry, base64.b64encode(injected.pem).decode())


def backup_document(backup: Backup, tag: str, run: str, expires_at: float) -> Document:
    """The backup as a Secret. Raises RefusedError where the original leaves no room for it."""
    entries = {
        _ORIGINAL: json.dumps(backup.original, sort_keys=True).encode(),
        _INJECTED: base64.b64decode(backup.injected),
        _ENTRY: backup.entry.encode(),
    }
    size = sum(map(len, entries.values()))
    if size > MAX_SECRET_BYTES:
        raise RefusedError(
            f"Secret {backup.original['metadata']['name']} is too large to keep a backup beside it: that would take "
            f"{size} bytes, and a Secret holds {MAX_SECRET_BYTES}"
        )
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": BACKUP_TYPE,
        "immutable": True,
        "metadata": {
            "name": backup_name(tag),
            "namespace": backup.original["metadata"]["namespace"],
            "labels": {MANAGER_LABEL: "mlchaos", RUN_LABEL: run},
            "annotations": {
                EXPIRY_ANNOTATION: datetime.fromtimestamp(expires_at, UTC).isoformat(timespec="seconds"),
                "mlchaos.io/backup-of": backup.original["metadata"]["name"],
            },
        },
        "data": {key: base64.b64encode(value).decode() for key, value in entries.items()},
    }


def read_backup(document: Document) -> Backup:
    """The backup in a Secret. Raises BackupError."""
    metadata = document["metadata"]
    try:
        data = document["data"]
        original: Any = json.loads(base64.b64decode(data[_ORIGINAL], validate=True))
        entry = base64.b64decode(data[_ENTRY], validate=True).decode()
        backup = Backup(original, entry, data[_INJECTED], metadata["uid"])
        complete = bool(backup.value and backup.resource_version)
    except (KeyError, TypeError, ValueError, binascii.Error):
        complete = False
    if not complete:
        # Without its cause: what could not be read is secret.
        raise BackupError(
            f"backup Secret {metadata['namespace']}/{metadata['name']} is not as mlchaos has written it, so the "
            "original cannot be put back from it: issue the certificate anew, then delete the backup"
        ) from None
    return backup


def differences(original: Document, present: Document) -> Iterator[str]:
    """What differs between two versions of a Secret, by name and never by value."""
    for part in ("type", "immutable"):
        if (original.get(part) or None) != (present.get(part) or None):
            yield part
    yield from _differing("data", original.get("data"), present.get("data"))
    for part in ("labels", "annotations"):
        yield from _differing(part, original["metadata"].get(part), present["metadata"].get(part))


def _differing(part: str, before: Document | None, after: Document | None) -> Iterator[str]:
    old, new = before or {}, after or {}
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key) or (key in old) != (key in new):
            yield f"{part} {key}"
