"""Events: what controllers did, for `kubectl describe`. Repeats are counted in one, and none delays a controller."""

import asyncio
import secrets
from collections import OrderedDict
from typing import NamedTuple

import aiohttp

from lab.controllers.timestamps import stamp
from lab.kubeclient import ApiError, Document, KubeClient
from lab.logs import structlog

NORMAL, WARNING = "Normal", "Warning"
MOST_WAITING = 2000
MOST_REMEMBERED = 2000
CLUSTER_SCOPED_NAMESPACE = "default"

logger = structlog.stdlib.get_logger("events")


class Said(NamedTuple):
    """What makes two events the same one."""

    uid: str
    source: str
    kind: str
    reason: str
    message: str


class EventRecorder:
    """Writes Events in the order they were recorded, from a bounded queue: when it is full the newest are dropped."""

    def __init__(self, api: KubeClient) -> None:
        self._api = api
        self._waiting: asyncio.Queue[tuple[Said, Document]] = asyncio.Queue(MOST_WAITING)
        self._known: OrderedDict[Said, tuple[str, int]] = OrderedDict()
        self._dropped = 0

    def record(self, about: Document, source: str, reason: str, message: str, kind: str = NORMAL) -> None:
        """Record that `source` (a component) did or saw something about an object; returns at once."""
        metadata = about["metadata"]
        involved = {
            "apiVersion": about.get("apiVersion", "v1"),
            "kind": about.get("kind", ""),
            "name": metadata["name"],
            "uid": metadata.get("uid", ""),
            "resourceVersion": metadata.get("resourceVersion", ""),
        }
        if metadata.get("namespace"):
            involved["namespace"] = metadata["namespace"]
        try:
            self._waiting.put_nowait((Said(involved["uid"], source, kind, reason, message), involved))
        except asyncio.QueueFull:
            self._dropped += 1

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            said, involved = await self._waiting.get()
            try:
                await self._write(said, involved)
            except (ApiError, aiohttp.ClientError, OSError, TimeoutError) as error:
                # Expected when the namespace is going or the server restarts; an Event is not worth a retry.
                logger.debug("event not written", reason=said.reason, error=str(error))
            except Exception:
                # The recorder shares its process with every controller and must not take them along.
                logger.exception("event not written", reason=said.reason)
            if self._dropped and self._waiting.empty():
                logger.warning("events dropped: they came faster than they could be written", count=self._dropped)
                self._dropped = 0

    async def _write(self, said: Said, involved: Document) -> None:
        collection = f"/api/v1/namespaces/{involved.get('namespace', CLUSTER_SCOPED_NAMESPACE)}/events"
        known = self._known.pop(said, None)
        if known is not None:
            name, count = known
            try:
                await self._api.patch(f"{collection}/{name}", {"count": count + 1, "lastTimestamp": stamp()})
            except ApiError as error:
                if error.status != 404:
                    raise
            else:
                self._known[said] = (name, count + 1)
                return
        name = f"{involved['name']}.{secrets.token_hex(8)}"
        await self._api.create(collection, _event(said, involved, name, collection.split("/")[4]))
        self._known[said] = (name, 1)
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)


def _event(said: Said, involved: Document, name: str, namespace: str) -> Document:
    at = stamp()
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": involved,
        "reason": said.reason,
        "message": said.message,
        "type": said.kind,
        "source": {"component": said.source},
        "reportingComponent": said.source,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
    }
