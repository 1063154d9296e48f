"""The API without a process or a socket: requests go straight into the application."""

import asyncio
import json
from collections.abc import MutableMapping
from ipaddress import IPv4Network
from typing import Any
from urllib.parse import urlencode

from lab.apiserver.admission import Admission
from lab.apiserver.app import Application
from lab.apiserver.errors import Document
from lab.apiserver.kinds import Kind, Registry
from lab.apiserver.objects import Objects
from lab.apiserver.store import Store, Stored, encode

TOKEN = "let-me-in"
PODS = "/api/v1/namespaces/default/pods"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"


def pod(name: str = "p", node: str = "n1", **metadata: Any) -> Document:
    spec: Document = {"containers": [{"name": "main", "image": "none"}]}
    if node:
        spec["nodeName"] = node
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **metadata}, "spec": spec}


def configmap(name: str = "c", **metadata: Any) -> Document:
    return {"kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": {"a": "1"}}


def stored(kind: Kind, version: int = 1, **document: Any) -> Stored:
    """A stored object that never was in a store."""
    metadata = {"name": "x", "namespace": "default", "uid": "u", **document.pop("metadata", {})}
    return encode(kind, {"metadata": metadata, **document}, version)


class Api:
    """One server's worth of objects."""

    def __init__(self, service_range: str = "127.9.8.0/29") -> None:
        self.store = Store()
        self.registry = Registry()
        self.objects = Objects(self.store, Admission(self.store, IPv4Network(service_range), toleration_seconds=2))
        self.application = Application(self.objects, self.registry, TOKEN)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content: str = "application/json",
        accept: str = "application/json",
        token: str = TOKEN,
        **query: str,
    ) -> tuple[int, Any]:
        """Status code and decoded body of one request. A body of bytes is sent as it is."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        code, answer = asyncio.run(
            _exchange(self.application, method, path, data, urlencode(query), _headers(content, accept, token))
        )
        return code, json.loads(answer) if answer[:1] in (b"{", b"[") else answer

    def make(self, path: str, body: Document, **query: str) -> Document:
        """Create an object that must be accepted."""
        code, made = self.ask("POST", path, body, **query)
        assert code == 201, made
        answer: Document = made
        return answer

    def names(self, path: str, **query: str) -> list[str]:
        code, listing = self.ask("GET", path, **query)
        assert code == 200, listing
        return [item["metadata"]["name"] for item in listing["items"]]


def _headers(content: str, accept: str, token: str) -> list[tuple[bytes, bytes]]:
    values = {"content-type": content, "accept": accept, "authorization": f"Bearer {token}"}
    return [(name.encode(), value.encode()) for name, value in values.items()]


async def _exchange(
    application: Application, method: str, path: str, body: bytes, query: str, headers: list[tuple[bytes, bytes]]
) -> tuple[int, bytes]:
    incoming = [{"type": "http.request", "body": body}]
    outgoing: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        if incoming:
            return incoming.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: MutableMapping[str, Any]) -> None:
        outgoing.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": headers}
    await application(scope, receive, send)
    return outgoing[0]["status"], b"".join(message.get("body", b"") for message in outgoing[1:])
