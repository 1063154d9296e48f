"""A Secret with certificates in it, as it is read from Kubernetes: what may be replaced, and what must not be. Pure."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime

from actions.certificates.arguments import SecretArguments
from actions.certificates.chain import Chain, ChainError, read_chain
from actions.certificates.owners import copiers, keepers
from actions.fault import RefusedError
from clients.kube import Document, Resource

SECRETS = Resource("secrets")
MARK_PREFIX = "undo.mlchaos.io/"
"""Annotations that say that a fault is in an object: the rest of the name is the ledger record's id."""


def mark_of(tag: str) -> str:
    """The annotation of the fault `tag`."""
    return MARK_PREFIX + tag


def marks(secret: Document) -> set[str]:
    """The tags of the faults that are in this Secret."""
    return {key.removeprefix(MARK_PREFIX) for key in annotations(secret) if key.startswith(MARK_PREFIX)}


def annotations(secret: Document) -> Mapping[str, str]:
    return secret["metadata"].get("annotations") or {}


def encoded(secret: Document, entry: str) -> str | None:
    """The value of an entry as Kubernetes keeps it (base64); None where there is none."""
    value = (secret.get("data") or {}).get(entry)
    return None if value is None else str(value)


def decoded(secret: Document, entry: str) -> bytes:
    """The bytes of an entry. Raises ChainError where there are none."""
    value = encoded(secret, entry)
    if not value:
        raise ChainError(f"it has no entry {entry}")
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ChainError(f"its entry {entry} is not base64") from error


def called(secret: Document) -> str:
    """What a Secret is called in messages."""
    return f"Secret {secret['metadata']['namespace']}/{secret['metadata']['name']}"


def replaceable_chain(secret: Document, arguments: SecretArguments, now: datetime) -> Chain:
    """The chain in the Secret, if it may be replaced now. Raises RefusedError, which never quotes a value."""
    name = called(secret)
    if secret.get("immutable"):
        raise RefusedError(
            f"{name} is immutable, so its certificate could only be replaced by deleting it; take a Secret that is not"
        )
    if secret["metadata"].get("deletionTimestamp"):
        raise RefusedError(f"{name} is being deleted")
    if in_it := marks(secret):
        raise RefusedError(f"{name} has a fault in it already ({', '.join(sorted(in_it))}); see: chaos recover")
    if copied := copiers(secret):
        raise RefusedError(
            f"{name} is copied into other namespaces by {', '.join(copied)}, and the fault would be copied with it; "
            "take a Secret that is not copied"
        )
    _check_keepers(secret, arguments)
    try:
        chain = read_chain(decoded(secret, arguments.entry))
    except ChainError as error:
        raise RefusedError(f"entry {arguments.entry} of {name} cannot be replaced: {error}") from error
    if not chain.is_valid_at(now):
        raise RefusedError(
            f"the certificate in {name} is not valid now (from {chain.leaf.not_valid_before_utc.isoformat()} to "
            f"{chain.leaf.not_valid_after_utc.isoformat()}): mend that first, a fault on top of it proves nothing"
        )
    return chain


def _check_keepers(secret: Document, arguments: SecretArguments) -> None:
    kept_by = keepers(secret)
    if kept_by and arguments.managed == "refuse":
        raise RefusedError(
            f"{called(secret)} is kept by another: {'; '.join(map(str, kept_by))}. Pause that, or say `managed: allow` "
            "in the action's arguments if that is what the experiment is about"
        )
