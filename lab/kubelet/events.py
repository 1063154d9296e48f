"""Events: what a kubelet tells about its pods and its node, for `kubectl describe` and `kubectl get events`."""

import asyncio
import contextlib
import uuid
from collections import OrderedDict

import aiohttp

from lab.kubeclient import ApiError, Document, KubeClient
from lab.kubelet.clock import rfc3339

REMEMBERED = 256
WAITING = 1000


class Events:
    """Writes Events in the background, in order; repeats become a count. When too many wait, new ones are dropped."""

    def __init__(self, api: KubeClient, node_name: str) -> None:
        self._api = api
        self._node_name = node_name
        self._queue: asyncio.Queue[tuple[Document, str, str, str]] = asyncio.Queue(WAITING)
        self._known: OrderedDict[tuple[str, str, str], Document] = OrderedDict()

    def emit(self, involved: Document, reason: str, message: str, *, warning: bool = False) -> None:
        """Tell that `reason` (one CamelCase word) happened to `involved`, a Pod or Node document with its kind."""
        with contextlib.suppress(asyncio.QueueFull):
            self._queue.put_nowait((involved, reason, message, "Warning" if warning else "Normal"))

    async def run(self) -> None:
        while True:
            event = await self._queue.get()
            # An event is not worth a retry, and its namespace may be going away.
            with contextlib.suppress(ApiError, aiohttp.ClientError, OSError, TimeoutError):
                await self._write(*event)

    async def _write(self, involved: Document, reason: str, message: str, kind: str) -> None:
        metadata, now = involved["metadata"], rfc3339()
        key = (metadata.get("uid", ""), reason, message)
        namespace = metadata.get("namespace", "default")
        path = f"/api/v1/namespaces/{namespace}/events"
        if known := self._known.pop(key, None):
            known["count"] += 1
            change = {"count": known["count"], "lastTimestamp": now}
            await self._api.patch(f"{path}/{known['metadata']['name']}", change)
        else:
            source = {"component": "kubelet", "host": self._node_name}
            known = {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": f"{metadata['name']}.{uuid.uuid4().hex[:16]}", "namespace": namespace},
                "involvedObject": {
                    "apiVersion": "v1",
                    "kind": involved["kind"],
                    "name": metadata["name"],
                    "namespace": metadata.get("namespace", ""),
                    "uid": metadata.get("uid", ""),
                },
                "reason": reason,
                "message": message,
                "type": kind,
                "count": 1,
                "firstTimestamp": now,
                "lastTimestamp": now,
                "source": source,
                "reportingComponent": source["component"],
                "reportingInstance": self._node_name,
            }
            await self._api.create(path, known)
        self._known[key] = known
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
