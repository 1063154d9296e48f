"""Writes a pod's status to the API server: only when it has changed, until it is written, whatever the server does."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import aiohttp

from lab.informer import version_of
from lab.kubeclient import ApiError, Document, KubeClient
from lab.logs import structlog

FIRST_RETRY_SECONDS = 0.1
LONGEST_RETRY_SECONDS = 2.0
NOT_FOUND, CONFLICT = 404, 409

logger = structlog.stdlib.get_logger("kubelet")


class StatusWriter:
    """Keeps the stored status of one pod (one uid) equal to `compute(pod as stored)`."""

    def __init__(self, api: KubeClient, document: Document, compute: Callable[[Document], Document]) -> None:
        self._api = api
        self._compute = compute
        self._latest = document
        self._uid = document["metadata"]["uid"]
        self._path = f"/api/v1/namespaces/{document['metadata']['namespace']}/pods/{document['metadata']['name']}"
        self._dirty = asyncio.Event()
        self._gone = asyncio.Event()
        self._sent: Document | None = None
        self._stored: Document | None = None
        self._writing = asyncio.Lock()

    def changed(self) -> None:
        """What `compute` gives may have changed."""
        self._dirty.set()

    def observe(self, document: Document) -> None:
        """The pod as stored now. If somebody else has changed the status that we wrote, it is written again."""
        if version_of(document) < version_of(self._latest):
            return
        self._latest = document
        if self._stored is not None and document.get("status") != self._stored:
            self._dirty.set()

    def stop(self) -> None:
        """The pod is gone: write no more."""
        self._gone.set()

    async def run(self) -> None:
        """Write each change until cancelled, or the pod is gone."""
        while not self._gone.is_set():
            await self._dirty.wait()
            await self.flush()

    async def flush(self) -> None:
        """Return once the status is written, or the pod is gone."""
        async with self._writing:
            await self._until_done(self._write)

    async def remove_pod(self) -> None:
        """Delete the pod's object for good: its processes are gone."""
        await self._until_done(self._delete)

    async def _until_done(self, attempt: Callable[[], Awaitable[None]]) -> None:
        wait = FIRST_RETRY_SECONDS
        while not self._gone.is_set():
            try:
                await attempt()
            except ApiError as error:
                if error.status == NOT_FOUND:
                    self._gone.set()
                elif error.status != CONFLICT or not await self._refetch():
                    logger.warning("write refused", path=self._path, error=str(error), retry_seconds=wait)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                logger.warning("write failed", path=self._path, error=repr(error), retry_seconds=wait)
            else:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._gone.wait(), wait)
            wait = min(wait * 2, LONGEST_RETRY_SECONDS)

    async def _write(self) -> None:
        self._dirty.clear()
        document = self._latest
        status = self._compute(document)
        if document.get("status") in (status, self._stored if status == self._sent else status):
            return
        answer = await self._api.replace(f"{self._path}/status", {**document, "status": status})
        self._sent, self._stored = status, answer.get("status")
        self.observe(answer)

    async def _delete(self) -> None:
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": self._uid}}
        await self._api.delete(self._path, options)
        self._gone.set()

    async def _refetch(self) -> bool:
        """Get the pod as it is after a conflict; False if that does not work now."""
        try:
            document = await self._api.get(self._path)
        except (ApiError, aiohttp.ClientError, OSError, TimeoutError) as error:
            if isinstance(error, ApiError) and error.status == NOT_FOUND:
                self._gone.set()
            return self._gone.is_set()
        if document["metadata"]["uid"] == self._uid:
            self.observe(document)
        else:
            self._gone.set()
        return True
