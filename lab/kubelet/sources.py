"""ConfigMaps and Secrets as the containers' environment and volumes need them."""

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from lab.informer import Informer
from lab.kubeclient import ApiError, Document, KubeClient

CONFIG_MAP, SECRET = "ConfigMap", "Secret"


class Reference(NamedTuple):
    """A ConfigMap or Secret of the pod's namespace."""

    kind: str
    name: str


Lookup = Callable[[Reference], Mapping[str, bytes] | None]
"""Gives the keys and values of an object, or None if there is no such object."""


class MissingSourceError(Exception):
    """A container or volume needs an object or key that is not there; the message names it."""


def data_of(document: Document) -> dict[str, bytes]:
    """Keys and values of a ConfigMap or Secret."""
    if document["kind"] == SECRET:
        return {key: base64.b64decode(value) for key, value in (document.get("data") or {}).items()}
    texts = {key: value.encode() for key, value in (document.get("data") or {}).items()}
    return texts | {key: base64.b64decode(value) for key, value in (document.get("binaryData") or {}).items()}


class Sources:
    """The cluster's ConfigMaps and Secrets, kept by watching."""

    def __init__(self, api: KubeClient) -> None:
        self._api = api
        self._paths = {CONFIG_MAP: "configmaps", SECRET: "secrets"}
        self.informers = {kind: Informer(api, f"/api/v1/{path}") for kind, path in self._paths.items()}

    async def fetch(self, namespace: str, references: Iterable[Reference]) -> Lookup:
        """Look the objects up; one that the watch has not brought yet is asked for: it may be as new as its pod."""
        found: dict[Reference, dict[str, bytes]] = {}
        for reference in references:
            document = self.informers[reference.kind].get(namespace, reference.name)
            if document is None:
                document = await self._get(namespace, reference)
            if document is not None:
                found[reference] = data_of({**document, "kind": reference.kind})
        return found.get

    async def _get(self, namespace: str, reference: Reference) -> Document | None:
        path = f"/api/v1/namespaces/{namespace}/{self._paths[reference.kind]}/{reference.name}"
        try:
            return await self._api.get(path)
        except ApiError as error:
            if error.status != 404:
                raise
            return None
