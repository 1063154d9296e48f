"""Garbage collection: objects whose owners are gone go too, and deletions that wait for, or spare, dependents."""

from typing import NamedTuple

from lab.controllers import owners
from lab.controllers.cluster import INDEX_OWNER, Cluster
from lab.controllers.controller import Controller, Options
from lab.controllers.kinds import Kind, Kinds, Resource, kind_of
from lab.controllers.pods import is_terminating
from lab.informer import Informer
from lab.kubeclient import ApiError, Document

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
# Kinds whose objects are looked at for owners. Owners may be of any kind: it is watched once a reference names it.
DEPENDENTS = (
    *(Kind("v1", kind) for kind in ("Pod", "Service", "Endpoints", "ConfigMap", "Secret")),
    *(Kind("apps/v1", kind) for kind in ("Deployment", "ReplicaSet", "DaemonSet")),
    Kind("batch/v1", "Job"),
    Kind("discovery.k8s.io/v1", "EndpointSlice"),
)


class Item(NamedTuple):
    """An object to look at."""

    kind: Kind
    namespace: str
    name: str


class Verdict(NamedTuple):
    """What is to become of a dependent: deleted (with a propagation policy) or freed of references to nothing."""

    delete: str | None
    keep: list[Document]


def judge(references: list[Document], absent: set[str], waiting: set[str], has_dependents: bool) -> Verdict:
    """The fate of an object whose owners' uids are `absent` or `waiting` (being deleted in the foreground)."""
    solid = [r for r in references if r["uid"] not in absent | waiting]
    if solid:
        return Verdict(None, solid)
    held = any(r["uid"] in waiting and r.get("blockOwnerDeletion") for r in references)
    return Verdict("Foreground" if held and has_dependents else "Background", [])


class GarbageCollector(Controller[Item]):
    """Keys are objects of every kind that has owners or is one."""

    name = "garbage-collector"
    component = "garbage-collector"
    workers = 8

    def __init__(self, cluster: Cluster, options: Options) -> None:
        super().__init__(cluster, options)
        self._kinds = Kinds(cluster.api)
        self._informers: dict[Kind, tuple[Resource, Informer]] = {}

    async def run(self) -> None:
        for kind in DEPENDENTS:
            # Through the queue, because it tries again while the server is not there yet.
            self.queue.add(Item(kind, "", ""))
        await super().run()

    async def _watch(self, kind: Kind) -> tuple[Resource, Informer] | None:
        """The informer for `kind`, started when it is first asked for; None if the server knows no such kind."""
        if kind in self._informers:
            return self._informers[kind]
        resource = await self._kinds.find(kind)
        if resource is None:
            return None
        found = self._informers.setdefault(kind, (resource, self.cluster.informer_at(resource.collection)))
        found[1].subscribe(lambda old, new: self._on_change(kind, old, new))
        return found

    def _on_change(self, kind: Kind, old: Document | None, new: Document | None) -> None:
        changed = new or old or {}
        metadata = changed["metadata"]
        namespace = metadata.get("namespace", "")
        if new is not None and (owners.references(new) or _propagation(new)):
            self.queue.add(Item(kind, namespace, metadata["name"]))
        if new is None:
            for dependent in self._dependents(metadata["uid"]):
                self._add(dependent)
            for reference in owners.references(changed):  # An owner may be waiting for this one to go.
                self.queue.add(Item(kind_of(reference), namespace, reference["name"]))

    def _add(self, document: Document) -> None:
        metadata = document["metadata"]
        self.queue.add(Item(kind_of(document), metadata.get("namespace", ""), metadata["name"]))

    def _dependents(self, uid: str) -> list[Document]:
        return [d for _, informer in self._informers.values() for d in informer.indexed(INDEX_OWNER, uid)]

    async def reconcile(self, key: Item) -> None:
        found = await self._watch(key.kind)
        document = found[1].get(key.namespace, key.name) if found else None
        if found is None or document is None:
            return
        if is_terminating(document) and (finalizer := _propagation(document)):
            await self._propagate(found[0], document, finalizer)
        elif owners.references(document) and not is_terminating(document):
            await self._collect(found[0], document)

    async def _propagate(self, resource: Resource, document: Document, finalizer: str) -> None:
        """Do what a deletion asked for about dependents, then let the owner go."""
        for kind in DEPENDENTS:
            if found := await self._watch(kind):
                await found[1].synced()
        dependents = self._dependents(document["metadata"]["uid"])
        uid = document["metadata"]["uid"]
        if finalizer == ORPHAN:
            for dependent in dependents:
                place = await self._kinds.find(kind_of(dependent))
                if place is not None:
                    await self._refer(place, dependent, [r for r in owners.references(dependent) if r["uid"] != uid])
        else:
            for dependent in dependents:
                self._add(dependent)
            blocking = (r for d in dependents for r in owners.references(d) if r["uid"] == uid)
            if any(r.get("blockOwnerDeletion") for r in blocking):
                return
        rest = [f for f in document["metadata"]["finalizers"] if f != finalizer]
        await self._change(resource, document, {"finalizers": rest or None})

    async def _collect(self, resource: Resource, document: Document) -> None:
        references = owners.references(document)
        absent, waiting = set(), set()
        for reference in references:
            owner = await self._owner(reference, document["metadata"].get("namespace", ""))
            if owner is None:
                absent.add(reference["uid"])
            elif is_terminating(owner) and FOREGROUND in (owner["metadata"].get("finalizers") or []):
                waiting.add(reference["uid"])
        if not absent and not waiting:
            return
        metadata = document["metadata"]
        verdict = judge(references, absent, waiting, bool(self._dependents(metadata["uid"])))
        if verdict.delete is None:
            if len(verdict.keep) < len(references):
                await self._refer(resource, document, verdict.keep)
            return
        options = {"preconditions": {"uid": metadata["uid"]}, "propagationPolicy": verdict.delete}
        self.logger.debug("collecting", kind=document.get("kind"), name=metadata["name"])
        await self.cluster.api.delete(resource.path(metadata.get("namespace", ""), metadata["name"]), options)

    async def _owner(self, reference: Document, namespace: str) -> Document | None:
        """The object that `reference` means, from the cache or, before it is called absent, from the server."""
        found = await self._watch(kind_of(reference))
        if found is None:
            # A kind that the server does not know (any more) says nothing about its objects: delete nothing for that.
            return {"metadata": {"uid": reference["uid"]}}
        resource, informer = found
        await informer.synced()
        place = namespace if resource.namespaced else ""
        known = informer.get(place, reference["name"])
        if known is not None and known["metadata"]["uid"] == reference["uid"]:
            return known
        try:
            known = await self.cluster.api.get(resource.path(place, reference["name"]))
        except ApiError as error:
            if error.status != 404:
                raise
            return None
        return known if known["metadata"]["uid"] == reference["uid"] else None

    async def _refer(self, resource: Resource, document: Document, references: list[Document]) -> None:
        await self._change(resource, document, {"ownerReferences": references or None})

    async def _change(self, resource: Resource, document: Document, metadata: Document) -> None:
        """Change the metadata of exactly this version of an object; a conflict is tried again."""
        known = document["metadata"]
        same = {"uid": known["uid"], "resourceVersion": known["resourceVersion"]}
        try:
            path = resource.path(known.get("namespace", ""), known["name"])
            await self.cluster.api.patch(path, {"metadata": {**same, **metadata}})
        except ApiError as error:
            if error.status != 404:
                raise


def _propagation(document: Document) -> str | None:
    """The finalizer by which a deletion asks for work on dependents."""
    finalizers = document["metadata"].get("finalizers") or []
    return next((f for f in (ORPHAN, FOREGROUND) if f in finalizers), None)
