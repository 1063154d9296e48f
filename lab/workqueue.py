"""The queue between informers and reconcilers: each key waits at most once and is worked on by one worker at a time."""

import asyncio
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

FIRST_RETRY_SECONDS = 0.02
LONGEST_RETRY_SECONDS = 10.0


class WorkQueue(Generic[K]):
    """Keys to reconcile. A key added while it waits changes nothing; one added while it is worked on comes again after.

    A worker does `key = await queue.get()`, its work, then `forget(key)` or `retry(key)`, and always `done(key)`.
    """

    def __init__(
        self, first_retry_seconds: float = FIRST_RETRY_SECONDS, longest_retry_seconds: float = LONGEST_RETRY_SECONDS
    ) -> None:
        self._first_retry = first_retry_seconds
        self._longest_retry = longest_retry_seconds
        self._order: deque[K] = deque()
        self._waiting: set[K] = set()
        self._working: set[K] = set()
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._failures: dict[K, int] = {}
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        """Keys that a worker could take now."""
        return len(self._order)

    def add(self, key: K) -> None:
        """Have `key` worked on as soon as a worker is free."""
        if key in self._waiting:
            return
        self._waiting.add(key)
        if key not in self._working:
            self._order.append(key)
            self._filled.set()

    def add_after(self, key: K, seconds: float) -> None:
        """Have `key` worked on in `seconds`; of several such wishes for one key the earliest counts."""
        if seconds <= 0:
            self.add(key)
            return
        loop = asyncio.get_running_loop()
        earlier = self._timers.get(key)
        if earlier is not None:
            if earlier.when() <= loop.time() + seconds:
                return
            earlier.cancel()
        self._timers[key] = loop.call_later(seconds, self._due, key)

    def _due(self, key: K) -> None:
        del self._timers[key]
        self.add(key)

    def retry(self, key: K) -> float:
        """Add `key` after a wait that doubles with each retry since the last `forget`; the wait in seconds."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        seconds = min(self._first_retry * 2.0 ** min(failures, 30), self._longest_retry)
        self.add_after(key, seconds)
        return seconds

    def forget(self, key: K) -> None:
        """`key` went well: its next retry is a first one again."""
        self._failures.pop(key, None)

    async def get(self) -> K:
        """The next key; it is the caller's until `done`."""
        while not self._order:
            self._filled.clear()
            await self._filled.wait()
        key = self._order.popleft()
        self._waiting.discard(key)
        self._working.add(key)
        return key

    def done(self, key: K) -> None:
        """The caller of `get` has finished with `key`."""
        self._working.discard(key)
        if key in self._waiting:
            self._order.append(key)
            self._filled.set()
