"""The frame of every controller: a queue of keys filled by informers, and workers that reconcile one key at a time."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

import aiohttp

from lab.controllers.cluster import Cluster
from lab.controllers.events import NORMAL
from lab.kubeclient import ApiError, Document
from lab.logs import structlog
from lab.workqueue import WorkQueue

K = TypeVar("K", bound=Hashable)
ObjectKey = tuple[str, str]

WRITES_AT_ONCE = 32
# The world moved between reading and writing: the next try reads again. Not worth a line in the log.
EXPECTED_STATUSES = {404, 409}


@dataclass(frozen=True, slots=True)
class Options:
    """How patient the controllers are, in seconds."""

    node_grace_seconds: float = 2.0
    force_delete_seconds: float = 2.0
    orphan_pod_seconds: float = 40.0
    job_backoff_seconds: float = 1.0


class Controller(ABC, Generic[K]):
    """One controller. Its constructor subscribes to informers; they call it before `run` is asked to work."""

    name: ClassVar[str]
    component: ClassVar[str]
    workers: ClassVar[int] = 4

    def __init__(self, cluster: Cluster, options: Options) -> None:
        self.cluster = cluster
        self.options = options
        self.queue: WorkQueue[K] = WorkQueue()
        self.logger = structlog.stdlib.get_logger(self.name).bind(controller=self.name)

    @abstractmethod
    async def reconcile(self, key: K) -> None:
        """Bring the world closer to what `key` asks for; whatever it raises is tried again with a growing wait."""

    async def run(self) -> None:
        """Work until cancelled."""
        await self.cluster.synced()
        async with asyncio.TaskGroup() as group:
            for _ in range(self.workers):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            key = await self.queue.get()
            try:
                await self.reconcile(key)
            except ApiError as error:
                wait = self.queue.retry(key)
                log = self.logger.debug if error.status in EXPECTED_STATUSES else self.logger.warning
                log("refused, trying again", key=key, error=str(error), retry_seconds=wait)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                wait = self.queue.retry(key)
                self.logger.warning("no answer, trying again", key=key, error=repr(error), retry_seconds=wait)
            except Exception:
                # One object that a reconciler cannot digest must not stop it from working on the others.
                self.logger.exception("reconcile failed", key=key, retry_seconds=self.queue.retry(key))
            else:
                self.queue.forget(key)
            finally:
                self.queue.done(key)

    def record(self, about: Document, reason: str, message: str, kind: str = NORMAL) -> None:
        """Record an Event in this controller's name."""
        self.cluster.recorder.record(about, self.component, reason, message, kind)


async def all_of(calls: Iterable[Callable[[], Awaitable[object]]]) -> None:
    """Make the calls, some at once; the first batch with a failure is the last, and its first failure is raised."""
    waiting = list(calls)
    size = 1
    while waiting:
        # Starting small spares a server that refuses everything (a quota, say) from hearing the whole lot.
        batch: Sequence[Callable[[], Awaitable[object]]] = waiting[:size]
        waiting = waiting[size:]
        results = await asyncio.gather(*(call() for call in batch), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        size = min(size * 4, WRITES_AT_ONCE)
