"""The same object in other API versions: what is stored once is served under every version of its kind."""

from pydantic_core import to_json

from lab.apiserver.errors import Document
from lab.apiserver.kinds import Resource
from lab.apiserver.store import Stored

_CORE_TO_NEW_EVENT = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "reportingComponent": "reportingController",
}
_NEW_TO_CORE_EVENT = {new: core for core, new in _CORE_TO_NEW_EVENT.items()}


def served_bytes(resource: Resource, stored: Stored) -> bytes:
    """The object as `resource` shows it."""
    if resource.is_stored_version:
        return stored.encoded
    if resource.group == resource.kind.group:
        head = b'{"apiVersion":"%b","kind":"%b","metadata":' % (
            resource.api_version.encode(),
            resource.kind.name.encode(),
        )
        return head + stored.encoded[stored.metadata_span[0] :]
    return to_json(served_document(resource, stored))


def served_document(resource: Resource, stored: Stored) -> Document:
    document = {**stored.document(), "apiVersion": resource.api_version}
    if resource.group == "events.k8s.io":
        return {_CORE_TO_NEW_EVENT.get(name, name): value for name, value in document.items()}
    return document


def stored_document(resource: Resource, document: Document) -> Document:
    """The document of a request in the words of the version that is stored."""
    document = {**document, "apiVersion": resource.kind.api_version, "kind": resource.kind.name}
    if resource.group == "events.k8s.io":
        return {_NEW_TO_CORE_EVENT.get(name, name): value for name, value in document.items()}
    return document
