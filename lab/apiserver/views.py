"""Answers as bytes: objects, lists and watch events in the form that was asked for."""

from collections.abc import Sequence
from typing import Literal

from pydantic_core import to_json

from lab.apiserver.errors import Document
from lab.apiserver.kinds import Resource
from lab.apiserver.negotiation import Form
from lab.apiserver.store import Change, Stored, encode
from lab.apiserver.tables import table_document
from lab.apiserver.versions import served_bytes, served_document

EventType = Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]


def object_bytes(resource: Resource, form: Form, stored: Stored) -> bytes:
    """One object in `form`."""
    if form.shape == "object":
        return served_bytes(resource, stored)
    if form.shape == "metadata":
        return _partial_metadata(form, stored)
    return to_json(_table(resource, form, [stored], {"resourceVersion": str(stored.version)}))


def list_bytes(resource: Resource, form: Form, items: Sequence[Stored], metadata: Document) -> bytes:
    """A list of `items`; `metadata` is the list's own."""
    if form.shape == "table":
        return to_json(_table(resource, form, items, metadata))
    if form.shape == "metadata":
        kind, version = "PartialObjectMetadataList", form.api_version
        encoded = [_partial_metadata(form, stored) for stored in items]
    else:
        kind, version = resource.kind.list_kind, resource.api_version
        encoded = [served_bytes(resource, stored) for stored in items]
    head = to_json({"kind": kind, "apiVersion": version, "metadata": metadata})
    return b'%b,"items":[%b]}' % (head[:-1], b",".join(encoded))


def event_line(resource: Resource, form: Form, event: EventType, stored: Stored) -> bytes:
    """One line of a watch."""
    return b'{"type":"%b","object":%b}\n' % (event.encode(), object_bytes(resource, form, stored))


def change_line(resource: Resource, form: Form, event: EventType, change: Change) -> bytes:
    """The line of a watch that tells of `change`; encoded once for all watches of one form.

    An object that left a selection is shown as it was when it was last in it, under the version at which it left.
    """
    left = event == "DELETED" and not change.gone
    key = (event, left, resource.api_version, form)
    line = change.lines.get(key)
    if line is None:
        stored = change.stored
        if left and change.previous:
            stored = encode(resource.kind, change.previous.document(), change.version)
        line = change.lines[key] = event_line(resource, form, event, stored)
    return line


def bookmark_line(resource: Resource, form: Form, version: int, *, initial_events_end: bool = False) -> bytes:
    """A line that tells how far a watch has come."""
    metadata: Document = {"resourceVersion": str(version), "creationTimestamp": None}
    if initial_events_end:
        metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
    if form.shape == "table":
        shown: Document = table_document(form.api_version, resource.kind, [], {"resourceVersion": str(version)})
    elif form.shape == "metadata":
        shown = {"kind": "PartialObjectMetadata", "apiVersion": form.api_version, "metadata": metadata}
    else:
        shown = {"kind": resource.kind.name, "apiVersion": resource.api_version, "metadata": metadata}
    return b'{"type":"BOOKMARK","object":%b}\n' % to_json(shown)


def error_line(status: Document) -> bytes:
    return b'{"type":"ERROR","object":%b}\n' % to_json(status)


def _partial_metadata(form: Form, stored: Stored) -> bytes:
    head = b'{"kind":"PartialObjectMetadata","apiVersion":"%b","metadata":' % form.api_version.encode()
    return head + stored.metadata + b"}"


def _table(resource: Resource, form: Form, items: Sequence[Stored], metadata: Document) -> Document:
    rows: list[tuple[Document, Document | None]] = []
    for stored in items:
        document = stored.document()
        shown: Document | None = None
        if form.include == "Object":
            shown = served_document(resource, stored)
        elif form.include != "None":
            shown = {"kind": "PartialObjectMetadata", "apiVersion": form.api_version, "metadata": document["metadata"]}
        rows.append((document, shown))
    return table_document(form.api_version, resource.kind, rows, metadata)
