"""Where objects of a kind are found, asked of the server (so that custom resources are known too)."""

from typing import NamedTuple

from lab.kubeclient import ApiError, Document, KubeClient


class Kind(NamedTuple):
    """An API version and kind, as owner references name it."""

    api_version: str
    kind: str


class Resource(NamedTuple):
    """A kind's place in the API."""

    root: str
    plural: str
    namespaced: bool

    @property
    def collection(self) -> str:
        """The path of all of them."""
        return f"{self.root}/{self.plural}"

    def path(self, namespace: str, name: str) -> str:
        """The path of one of them."""
        middle = f"/namespaces/{namespace}" if self.namespaced else ""
        return f"{self.root}{middle}/{self.plural}/{name}"


def kind_of(document: Document) -> Kind:
    """The kind of an object, or the one that an owner reference names."""
    return Kind(document["apiVersion"], document["kind"])


class Kinds:
    """Discovery, remembered for kinds that exist."""

    def __init__(self, api: KubeClient) -> None:
        self._api = api
        self._known: dict[Kind, Resource] = {}

    async def find(self, kind: Kind) -> Resource | None:
        """The resource of `kind`, or None if the server has no such kind."""
        if kind not in self._known:
            await self._learn(kind.api_version)
        return self._known.get(kind)

    async def _learn(self, api_version: str) -> None:
        root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        try:
            listing = await self._api.get(root)
        except ApiError as error:
            if error.status != 404:
                raise
            return
        for resource in listing["resources"]:
            if "/" not in resource["name"] and "watch" in resource.get("verbs", ()):
                found = Resource(root, resource["name"], bool(resource["namespaced"]))
                self._known[Kind(api_version, resource["kind"])] = found
