"""What the server does by itself after a change: namespaces are filled and emptied, custom kinds come and go."""

from lab.apiserver.admission import now
from lab.apiserver.deletion import DeleteOptions
from lab.apiserver.errors import Document
from lab.apiserver.kinds import (
    CUSTOM_RESOURCE_DEFINITION,
    EVENT,
    NAMESPACE,
    NODE,
    POD,
    SERVICE_ACCOUNT,
    Registry,
    custom_kind,
)
from lab.apiserver.objects import Objects
from lab.apiserver.store import Stored

PERMANENT_NAMESPACES = ("default", "kube-system", "kube-public")
INITIAL_NAMESPACES = (*PERMANENT_NAMESPACES, "kube-node-lease")
MOST_EVENTS = 5000
"""Beyond so many Events the oldest tenth goes; a real server forgets them after an hour."""


class Lifecycle:
    """Called after requests, so that what follows from one is done before the next is answered."""

    def __init__(self, objects: Objects, registry: Registry) -> None:
        self._objects = objects
        self._registry = registry
        self._store = objects.store

    def create_initial_objects(self) -> None:
        namespaces = self._registry.stored(NAMESPACE)
        for name in INITIAL_NAMESPACES:
            self.created(self._objects.create(namespaces, "", {"metadata": {"name": name}}))

    def created(self, stored: Stored) -> Stored:
        """Follow up a creation: the object as it is then."""
        if stored.kind is NAMESPACE:
            accounts = self._registry.stored(SERVICE_ACCOUNT)
            self._objects.create(accounts, stored.name, {"metadata": {"name": "default"}})
        elif stored.kind is CUSTOM_RESOURCE_DEFINITION:
            return self._serve(stored)
        elif stored.kind is EVENT and self._store.count(EVENT) > MOST_EVENTS:
            oldest_first = sorted(self._store.all(EVENT), key=lambda event: event.version)
            for event in oldest_first[: MOST_EVENTS // 10]:
                self._store.remove(event)
        return stored

    def updated(self, stored: Stored) -> Stored:
        """Follow up a change."""
        if stored.kind is CUSTOM_RESOURCE_DEFINITION and self._store.get(stored.kind, "", stored.name) is stored:
            return self._serve(stored)
        self._finalise_namespace(stored.namespace)
        return stored

    def deleted(self, stored: Stored) -> None:
        """Follow up a deletion, of an object that is gone or only going."""
        if stored.kind is NAMESPACE:
            self._empty(stored.name)
            self._finalise_namespace(stored.name)
        elif stored.kind is CUSTOM_RESOURCE_DEFINITION and self._store.get(stored.kind, "", stored.name) is None:
            self._withdraw(stored.document())
        elif stored.namespace:
            self._finalise_namespace(stored.namespace)

    def _empty(self, namespace: str) -> None:
        """Delete everything in `namespace`; pods of absent nodes get no time, for nobody would stop them."""
        for kind in self._registry.kinds():
            if not kind.namespaced:
                continue
            for stored in list(self._store.all(kind, namespace)):
                abandoned = kind is POD and not self._store.get(NODE, "", stored.fields["spec.nodeName"])
                self._objects.delete(stored, DeleteOptions(grace_seconds=0 if abandoned else None))

    def _finalise_namespace(self, namespace: str) -> None:
        """Remove a namespace that is being deleted once nothing is in it and nobody else holds it."""
        home = self._store.get(NAMESPACE, "", namespace)
        if not home or home.fields["status.phase"] != "Terminating":
            return
        if self._store.population(namespace):
            return
        document = home.document()
        others = [it for it in document["spec"].get("finalizers") or [] if it != "kubernetes"]
        if others or document["metadata"].get("finalizers"):
            return
        document["spec"]["finalizers"] = []
        self._store.remove(home, document)

    def _serve(self, stored: Stored) -> Stored:
        """Serve the kind of a definition, and say so in its status."""
        document = stored.document()
        kind = custom_kind(document)
        self._registry.remove(kind.key)
        self._registry.add(kind)
        names = document["spec"]["names"]
        storage = next(version["name"] for version in document["spec"]["versions"] if version.get("storage"))
        status = {"acceptedNames": names, "storedVersions": [storage], "conditions": _accepted_conditions()}
        present = document.get("status") or {}
        if {**present, "conditions": None} == {**status, "conditions": None}:
            return stored
        document["status"] = status
        return self._store.put(CUSTOM_RESOURCE_DEFINITION, document)

    def _withdraw(self, definition: Document) -> None:
        kind = custom_kind(definition)
        for stored in list(self._store.all(kind)):
            self._store.remove(stored)
        self._registry.remove(kind.key)


def _accepted_conditions() -> list[Document]:
    said = (
        ("NamesAccepted", "NoConflicts", "no conflicts found"),
        ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
    )
    return [
        {"type": name, "status": "True", "lastTransitionTime": now(), "reason": reason, "message": message}
        for name, reason, message in said
    ]
