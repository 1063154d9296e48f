"""Keeps one worker per pod that is bound to this node."""

import asyncio
from functools import partial

from lab.informer import Informer
from lab.kubeclient import Document
from lab.kubelet.host import Host
from lab.kubelet.sources import Reference
from lab.kubelet.worker import PodWorker
from lab.logs import structlog

logger = structlog.stdlib.get_logger("kubelet")


class Pods:
    """The pods of this node by uid: a pod and its later namesake may be here at the same time."""

    def __init__(self, host: Host, informer: Informer) -> None:
        self._host = host
        self._workers: dict[str, PodWorker] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._refreshing: set[asyncio.Task[None]] = set()
        informer.subscribe(self._changed)
        for kind, source in host.sources.informers.items():
            source.subscribe(partial(self._source_changed, kind))

    def find(self, namespace: str, name: str) -> PodWorker | None:
        """The worker of the pod of that name; of namesakes the latest."""
        wanted = f"{namespace}/{name}"
        return next((worker for worker in reversed(self._workers.values()) if worker.name == wanted), None)

    def _changed(self, old: Document | None, new: Document | None) -> None:
        if old is not None and (new is None or new["metadata"]["uid"] != old["metadata"]["uid"]):
            self._workers[old["metadata"]["uid"]].vanish()
            self._forget(old["metadata"]["uid"])
        if new is not None:
            uid = new["metadata"]["uid"]
            if uid not in self._workers:
                self._workers[uid] = worker = PodWorker(self._host, new)
                self._tasks[uid] = asyncio.create_task(worker.run(), name=worker.name)
                self._tasks[uid].add_done_callback(self._ended)
            self._workers[uid].update(new)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            logger.error("pod worker failed", pod=task.get_name(), exc_info=error)

    def _forget(self, uid: str) -> None:
        """Drop the worker once it is done, and not before its object is gone: late news of it would start it again."""

        def drop(_: asyncio.Task[None]) -> None:
            self._workers.pop(uid, None)
            self._tasks.pop(uid, None)

        self._tasks[uid].add_done_callback(drop)

    def _source_changed(self, kind: str, old: Document | None, new: Document | None) -> None:
        if old is None or new is None:
            return  # a new object is picked up by the pods that wait for it; a deleted one stays mounted as it was
        reference = Reference(kind, new["metadata"]["name"])
        for worker in self._workers.values():
            if worker.document["metadata"]["namespace"] == new["metadata"]["namespace"]:
                task = asyncio.create_task(worker.refresh_volumes(reference))
                self._refreshing.add(task)
                task.add_done_callback(self._refreshing.discard)

    async def stop(self) -> None:
        """Kill every pod's processes and wait until they are gone; the pods' objects stay, as when a node dies."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
