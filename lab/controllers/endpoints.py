"""Endpoints and EndpointSlices: for every Service with a selector, where its traffic may go."""

from abc import abstractmethod
from typing import ClassVar

from lab.controllers import selectors
from lab.controllers.cluster import INDEX_NAMESPACE, Cluster
from lab.controllers.controller import Controller, ObjectKey, Options
from lab.controllers.endpoint_plan import (
    MANAGED_BY,
    SERVICE_LABEL,
    Backend,
    backends,
    endpoints_for,
    slices_for,
)
from lab.informer import key_of
from lab.kubeclient import ApiError, Document

ZONE = "topology.kubernetes.io/zone"


class _ServiceController(Controller[ObjectKey]):
    """Keys are Services; the two kinds differ in what they write."""

    result: ClassVar[str]

    def __init__(self, cluster: Cluster, options: Options) -> None:
        super().__init__(cluster, options)
        self._services = cluster.informer("services")
        self._pods = cluster.informer("pods")
        self._results = cluster.informer(self.result)
        self._services.subscribe(self._on_service)
        self._pods.subscribe(self._on_pod)
        self._results.subscribe(self._on_result)

    def _on_service(self, old: Document | None, new: Document | None) -> None:
        self.queue.add(key_of(new or old or {}))

    def _on_pod(self, old: Document | None, new: Document | None) -> None:
        pod = new or old or {}
        labels = [p["metadata"].get("labels") for p in (old, new) if p is not None]
        for service in self._services.indexed(INDEX_NAMESPACE, pod["metadata"]["namespace"]):
            if any(selectors.map_matches(service["spec"].get("selector"), some) for some in labels):
                self.queue.add(key_of(service))

    @abstractmethod
    def _on_result(self, old: Document | None, new: Document | None) -> None:
        """Have a result that somebody else touched put right."""

    async def reconcile(self, key: ObjectKey) -> None:
        service = self._services.get(*key)
        if service is None:
            await self._withdraw(key)
        elif service["spec"].get("selector") and service["spec"].get("type") != "ExternalName":
            selector = service["spec"]["selector"]
            candidates = self._pods.indexed(INDEX_NAMESPACE, key[0])
            selected = [p for p in candidates if selectors.map_matches(selector, p["metadata"].get("labels"))]
            await self._publish(service, backends(service, selected))

    async def _put(self, wanted: Document, content: tuple[str, ...]) -> None:
        """Create `wanted`, or replace it where one of the fields in `content` differs."""
        metadata = wanted["metadata"]
        known = self._results.get(metadata["namespace"], metadata["name"])
        if known is None:
            await self.cluster.create(self.result, wanted)
            return
        same_labels = (metadata["labels"] or {}).items() <= (known["metadata"].get("labels") or {}).items()
        if not same_labels or any((known.get(field) or []) != wanted[field] for field in content):
            change = {"metadata": {"labels": metadata["labels"]}, **{field: wanted[field] for field in content}}
            await self.cluster.patch(self.result, known, change)

    async def _remove(self, document: Document) -> None:
        try:
            await self.cluster.delete(self.result, document)
        except ApiError as error:
            if error.status != 404:
                raise

    @abstractmethod
    async def _publish(self, service: Document, found: list[Backend]) -> None:
        """Write where the Service's traffic may go."""

    @abstractmethod
    async def _withdraw(self, key: ObjectKey) -> None:
        """Remove what was written for a Service that is gone."""


class EndpointsController(_ServiceController):
    """Writes one Endpoints object per Service, under its name."""

    name = "endpoints"
    component = "endpoint-controller"
    result = "endpoints"

    def _on_result(self, old: Document | None, new: Document | None) -> None:
        # A Service without a selector has its Endpoints written by hand; reconcile leaves those alone.
        self.queue.add(key_of(new or old or {}))

    async def _publish(self, service: Document, found: list[Backend]) -> None:
        await self._put(endpoints_for(service, found), ("subsets",))

    async def _withdraw(self, key: ObjectKey) -> None:
        known = self._results.get(*key)
        if known and "endpoints.kubernetes.io/managed-by" in (known["metadata"].get("labels") or {}):
            await self._remove(known)


class EndpointSliceController(_ServiceController):
    """Writes EndpointSlices, labelled with their Service's name."""

    name = "endpointslice"
    component = "endpoint-slice-controller"
    result = "endpointslices"

    def __init__(self, cluster: Cluster, options: Options) -> None:
        self._nodes = cluster.informer("nodes")
        super().__init__(cluster, options)

    def _on_result(self, old: Document | None, new: Document | None) -> None:
        known = new or old or {}
        if name := (known["metadata"].get("labels") or {}).get(SERVICE_LABEL):
            self.queue.add((known["metadata"]["namespace"], name))

    def _mine(self, key: ObjectKey) -> list[Document]:
        wanted = {SERVICE_LABEL: key[1], "endpointslice.kubernetes.io/managed-by": MANAGED_BY}
        return [
            known
            for known in self._results.indexed(INDEX_NAMESPACE, key[0])
            if selectors.map_matches(wanted, known["metadata"].get("labels"))
        ]

    async def _publish(self, service: Document, found: list[Backend]) -> None:
        zones = {
            node["metadata"]["name"]: (node["metadata"].get("labels") or {}).get(ZONE, "")
            for node in self._nodes.items()
        }
        wanted = slices_for(service, found, zones)
        for document in wanted:
            await self._put(document, ("endpoints", "ports"))
        names = {document["metadata"]["name"] for document in wanted}
        for known in self._mine(key_of(service)):
            if known["metadata"]["name"] not in names:
                await self._remove(known)

    async def _withdraw(self, key: ObjectKey) -> None:
        for known in self._mine(key):
            await self._remove(known)
