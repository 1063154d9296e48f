"""What every controller works with: shared informers, and writes whose answers the informers take in at once."""

import asyncio
from collections.abc import Iterable

from lab.controllers import owners
from lab.controllers.events import EventRecorder
from lab.informer import Informer
from lab.kubeclient import MERGE, Document, KubeClient

CORE, APPS, BATCH = "/api/v1", "/apis/apps/v1", "/apis/batch/v1"

ROOTS = {
    "pods": CORE,
    "nodes": CORE,
    "services": CORE,
    "endpoints": CORE,
    "deployments": APPS,
    "replicasets": APPS,
    "daemonsets": APPS,
    "jobs": BATCH,
    "endpointslices": "/apis/discovery.k8s.io/v1",
    "poddisruptionbudgets": "/apis/policy/v1",
    "leases": "/apis/coordination.k8s.io/v1",
}
INDEX_NAMESPACE, INDEX_OWNER, INDEX_CONTROLLER, INDEX_NODE = "namespace", "owner", "controller", "node"


def orphans_of(namespace: str) -> str:
    """The key in INDEX_CONTROLLER under which objects without a controller are found."""
    return f"none/{namespace}"


def _controller_keys(document: Document) -> Iterable[str]:
    reference = owners.controller_of(document)
    return (reference["uid"] if reference else orphans_of(document["metadata"].get("namespace", "")),)


def _owner_keys(document: Document) -> Iterable[str]:
    return {r["uid"] for r in owners.references(document)}


def _namespace_keys(document: Document) -> Iterable[str]:
    return (document["metadata"].get("namespace", ""),)


def _node_keys(document: Document) -> Iterable[str]:
    return (document.get("spec", {}).get("nodeName") or "",)


class Cluster:
    """One informer per resource, made when first asked for, and writes through `api`."""

    def __init__(self, api: KubeClient, recorder: EventRecorder) -> None:
        self.api = api
        self.recorder = recorder
        self._informers: dict[str, Informer] = {}
        self._started: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None

    def informer(self, resource: str) -> Informer:
        """The shared informer of `resource` (its plural name, a key of ROOTS)."""
        return self.informer_at(f"{ROOTS[resource]}/{resource}")

    def informer_at(self, path: str) -> Informer:
        """The shared informer of the collection at `path`."""
        found = self._informers.get(path)
        if found is None:
            found = self._informers[path] = Informer(self.api, path)
            found.add_index(INDEX_NAMESPACE, _namespace_keys)
            found.add_index(INDEX_OWNER, _owner_keys)
            found.add_index(INDEX_CONTROLLER, _controller_keys)
            if path.endswith("/pods"):
                found.add_index(INDEX_NODE, _node_keys)
            self._start(path)
        return found

    def start(self, group: asyncio.TaskGroup) -> None:
        """Run every informer, those asked for later too, in `group`."""
        self._group = group
        for path in self._informers:
            self._start(path)

    def _start(self, path: str) -> None:
        if self._group is not None:
            self._started[path] = self._group.create_task(self._informers[path].run())

    def stop(self) -> None:
        """End all informers."""
        for task in self._started.values():
            task.cancel()

    async def synced(self) -> None:
        """Return once all informers asked for so far have their first list."""
        for informer in list(self._informers.values()):
            await informer.synced()

    async def create(self, resource: str, body: Document) -> Document:
        """Create `body` in the namespace that its metadata names."""
        answer = await self.api.create(path_of(resource, body["metadata"].get("namespace", "")), body)
        self.informer(resource).observe(answer)
        return answer

    async def patch(
        self, resource: str, document: Document, change: Document, *, status: bool = False, content_type: str = MERGE
    ) -> Document:
        """Patch `document` (its status sub-resource with `status`)."""
        answer = await self.api.patch(path_to(resource, document) + ("/status" if status else ""), change, content_type)
        self.informer(resource).observe(answer)
        return answer

    async def patch_status(self, resource: str, document: Document, status: Document) -> None:
        """Bring the status to hold what `status` says; no request if it does."""
        known = document.get("status") or {}
        if any(known.get(field) != value for field, value in status.items()):
            await self.patch(resource, document, {"status": status}, status=True)

    async def delete(
        self, resource: str, document: Document, *, grace_seconds: int | None = None, propagation: str | None = None
    ) -> None:
        """Delete `document`, and never another object that has come under its name."""
        options: Document = {"preconditions": {"uid": document["metadata"]["uid"]}}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        if propagation is not None:
            options["propagationPolicy"] = propagation
        answer = await self.api.delete(path_to(resource, document), options)
        if answer.get("kind") == "Status" or (grace_seconds == 0 and not answer["metadata"].get("finalizers")):
            self.informer(resource).observe_deleted(document)
        else:
            self.informer(resource).observe(answer)


def path_of(resource: str, namespace: str) -> str:
    """The collection of `resource` in `namespace` ("" for cluster-scoped resources)."""
    return f"{ROOTS[resource]}/namespaces/{namespace}/{resource}" if namespace else f"{ROOTS[resource]}/{resource}"


def path_to(resource: str, document: Document) -> str:
    """The path of one object."""
    metadata = document["metadata"]
    return f"{path_of(resource, metadata.get('namespace', ''))}/{metadata['name']}"
