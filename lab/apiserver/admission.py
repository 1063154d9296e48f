"""What every new or changed object goes through: metadata, defaults, validation, addresses of Services."""

import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network
from typing import Any

from lab.apiserver.defaults import apply_creation_defaults, apply_defaults
from lab.apiserver.errors import (
    Cause,
    Document,
    Refused,
    bad_request,
    conflict,
    forbidden,
    invalid,
    modified,
    not_found,
)
from lab.apiserver.kinds import NAMESPACE, SERVICE, Kind
from lab.apiserver.store import Store, Stored
from lab.apiserver.validation import creation_errors, invalid_value, update_errors

_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_KEPT_METADATA = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")
_DROPPED_METADATA = ("managedFields", "selfLink")
_NEEDS_SPEC = frozenset(
    {
        "Pod",
        "Service",
        "Deployment",
        "ReplicaSet",
        "StatefulSet",
        "DaemonSet",
        "Job",
        "CronJob",
        "CustomResourceDefinition",
    }
)


def now() -> str:
    """The present, as Kubernetes writes it: RFC 3339 in UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Admission:
    """The rules that need to know what else there is."""

    store: Store
    service_range: IPv4Network
    toleration_seconds: int

    def admit_new(self, kind: Kind, namespace: str, document: Document) -> None:
        """Make `document` ready to be stored as a new object; Refused when it may not be."""
        metadata = _metadata(document)
        self._place(kind, namespace, metadata)
        for name in (*_KEPT_METADATA, *_DROPPED_METADATA, "resourceVersion"):
            metadata.pop(name, None)
        metadata["uid"] = str(uuid.uuid4())
        metadata["creationTimestamp"] = now()
        if kind.generation:
            metadata["generation"] = 1
        with _understood(kind, document):
            _drop_nulls(document)
            apply_defaults(kind, document)
            apply_creation_defaults(kind, document, self.toleration_seconds)
            _refuse(kind, metadata["name"], creation_errors(kind, document))
        if kind is SERVICE:
            self._assign_address(document)

    def admit_change(self, kind: Kind, stored: Stored, old: Document, new: Document, subresource: str) -> None:
        """Make `new` ready to take the place of `old`; `subresource` ("status" or "") says which half may change."""
        self._check_identity(kind, stored, _metadata(new))
        metadata, kept = new["metadata"], old["metadata"]
        for name in _DROPPED_METADATA:
            metadata.pop(name, None)
        for name in (*_KEPT_METADATA, "resourceVersion"):
            metadata.pop(name, None)
            if name in kept:
                metadata[name] = kept[name]
        metadata["name"] = stored.name
        if kind.namespaced:
            metadata["namespace"] = stored.namespace
        _keep_other_half(kind, old, new, subresource)
        with _understood(kind, new):
            _drop_nulls(new)
            apply_defaults(kind, new)
            _keep_address(kind, old, new)
            _refuse(kind, stored.name, [*_finalizer_errors(kept, metadata), *update_errors(kind, old, new)])
        if kind.generation and _wanted(old) != _wanted(new):
            metadata["generation"] = kept.get("generation", 1) + 1

    def _place(self, kind: Kind, namespace: str, metadata: Document) -> None:
        """Settle name and namespace."""
        if not metadata.get("name"):
            prefix = metadata.get("generateName")
            if not prefix:
                raise invalid(
                    kind.group,
                    kind.name,
                    "",
                    [Cause("metadata.name", "Required value: name or generateName is required", "FieldValueRequired")],
                )
            metadata["name"] = prefix[:58] + "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(5))
        if not isinstance(metadata["name"], str):
            raise bad_request("metadata.name must be a string")
        if not kind.namespaced:
            metadata.pop("namespace", None)
            return
        if metadata.get("namespace", namespace) != namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        metadata["namespace"] = namespace
        self._check_namespace(kind, namespace, metadata["name"])

    def _check_namespace(self, kind: Kind, namespace: str, name: str) -> None:
        home = self.store.get(NAMESPACE, "", namespace)
        if home is None:
            raise not_found("", "namespaces", namespace)
        if home.fields["status.phase"] == "Terminating" and kind.plural != "events":
            why = f"unable to create new content in namespace {namespace} because it is being terminated"
            message = f"namespace {namespace} is being terminated"
            cause = {"reason": "NamespaceTerminating", "message": message, "field": "metadata.namespace"}
            raise forbidden(kind.group, kind.plural, name, why, [cause])

    def _check_identity(self, kind: Kind, stored: Stored, metadata: Document) -> None:
        if metadata.get("name", stored.name) != stored.name:
            message = f"the name of the object ({metadata['name']}) does not match the name on the URL ({stored.name})"
            raise bad_request(message)
        if kind.namespaced and metadata.get("namespace", stored.namespace) != stored.namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        if metadata.get("resourceVersion") not in (None, "", str(stored.version)):
            raise modified(kind.group, kind.plural, stored.name)
        if metadata.get("uid") not in (None, "", stored.uid):
            why = f"Precondition failed: UID in precondition: {metadata['uid']}, UID in object meta: {stored.uid}"
            raise conflict(kind.group, kind.plural, stored.name, why)

    def _assign_address(self, document: Document) -> None:
        spec = document["spec"]
        if spec["type"] == "ExternalName":
            return
        if not spec.get("clusterIP"):
            spec["clusterIP"] = self._free_address()
        elif spec["clusterIP"] != "None" and spec["clusterIP"] in self._used_addresses():
            name = document["metadata"]["name"]
            raise invalid(
                "",
                "Service",
                name,
                [invalid_value("spec.clusterIP", spec["clusterIP"], "provided IP is already allocated")],
            )
        spec["clusterIPs"] = [spec["clusterIP"]]

    def _used_addresses(self) -> set[str]:
        return {service.fields["spec.clusterIP"] for service in self.store.all(SERVICE)}

    def _free_address(self) -> str:
        used = self._used_addresses()
        for address in self.service_range.hosts():
            if str(address) not in used:
                return str(address)
        raise Refused(500, "InternalError", f"failed to allocate a serviceIP: range {self.service_range} is full")


def _metadata(document: Document) -> Document:
    metadata = document.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        raise bad_request("metadata must be an object")
    for name in [name for name, value in metadata.items() if value in (None, "", {}, [])]:
        del metadata[name]
    return metadata


def _drop_nulls(value: Any) -> None:
    """A null is a field that is not there: without this, two spellings of one pod template would differ."""
    if isinstance(value, dict):
        for name in [name for name, it in value.items() if it is None]:
            del value[name]
        value = value.values()
    for it in value:
        if isinstance(it, (dict, list)):
            _drop_nulls(it)


@contextmanager
def _understood(kind: Kind, document: Document) -> Iterator[None]:
    """Answer 400 when a field has not the shape that rules and defaults count on, as decoding would have."""
    if kind.name in _NEEDS_SPEC and not kind.custom and not isinstance(document.get("spec"), dict):
        name = str(document["metadata"].get("name", ""))
        raise invalid(kind.group, kind.name, name, [Cause("spec", "Required value", "FieldValueRequired")])
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"{kind.name} in version {kind.api_version!r} cannot be handled as a {kind.name}: {error!r}"
        raise bad_request(message) from error


def _refuse(kind: Kind, name: str, causes: list[Cause]) -> None:
    if causes:
        raise invalid(kind.group, kind.name, name, causes)


def _keep_other_half(kind: Kind, old: Document, new: Document, subresource: str) -> None:
    """A change to the status leaves the rest alone, and the other way round."""
    if subresource == "status":
        for name in {*old, *new} - {"metadata", "status"}:
            new.pop(name, None)
            if name in old:
                new[name] = old[name]
        if "ownerReferences" in old["metadata"]:
            new["metadata"]["ownerReferences"] = old["metadata"]["ownerReferences"]
    elif kind.status:
        new.pop("status", None)
        if "status" in old:
            new["status"] = old["status"]


def _keep_address(kind: Kind, old: Document, new: Document) -> None:
    """A Service that is replaced without its address keeps it."""
    if kind is SERVICE:
        for name in ("clusterIP", "clusterIPs"):
            if name in old["spec"] and not new["spec"].get(name):
                new["spec"][name] = old["spec"][name]


def _finalizer_errors(old: Document, new: Document) -> list[Cause]:
    added = set(new.get("finalizers") or ()) - set(old.get("finalizers") or ())
    if old.get("deletionTimestamp") and added:
        message = f"Forbidden: no new finalizers can be added if the object is being deleted, found {sorted(added)}"
        return [Cause("metadata.finalizers", message, "FieldValueForbidden")]
    return []


def _wanted(document: Document) -> Document:
    return {name: value for name, value in document.items() if name not in ("metadata", "status")}
