"""A Kubernetes API of nodes in memory, with resource versions: for properties over many histories."""

from collections.abc import Callable, Mapping
from typing import Any

from actions.systems import Systems
from clients.kube import ConflictError, NotFoundError, Resource
from clients.node_killer import NodeKiller
from tests.actions.nodes.documents import Document, merged


class NodeStore:
    """One node. `interfere` is called before each write arrives, as somebody else's write would come in between."""

    def __init__(self, document: Document | None) -> None:
        self.document = document
        self.lease: Callable[[], Document] = dict
        self.interfere: Callable[[], None] = lambda: None
        self.writes = 0

    def get(self, resource: Resource, name: str, namespace: str = "", subresource: str = "") -> Document:
        if resource.plural == "leases":
            return {"spec": self.lease()}
        if self.document is None or self.document["metadata"]["name"] != name:
            raise NotFoundError(f"node {name} is not there")
        return self.document

    def patch(self, resource: Resource, name: str, patch: Mapping[str, Any], **options: Any) -> Document:
        interfere, self.interfere = self.interfere, lambda: None
        interfere()
        present = self.get(resource, name)
        if patch["metadata"]["resourceVersion"] != present["metadata"]["resourceVersion"]:
            raise ConflictError("the object has been modified")
        self.edit(patch)
        self.writes += 1
        return self.get(resource, name)

    def edit(self, patch: Mapping[str, Any]) -> None:
        """Somebody writes."""
        assert self.document is not None
        edited = merged(self.document, {**patch, "metadata": {**patch.get("metadata", {})}})
        edited["metadata"]["resourceVersion"] = str(int(self.document["metadata"]["resourceVersion"]) + 1)
        self.document = edited


class StoredSystems(Systems):
    """Systems over a store, and a node killer of the test's."""

    def __init__(self, store: NodeStore, killer: NodeKiller | None = None) -> None:
        super().__init__()
        self.store, self._killer = store, killer

    @property
    def kube(self) -> Any:
        return self.store

    @property
    def node_killer(self) -> NodeKiller:
        assert self._killer is not None
        return self._killer
