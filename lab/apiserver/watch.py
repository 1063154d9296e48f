"""Watches: streams of what changes, each line encoded once for everybody who watches the same."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from lab.apiserver.errors import expired
from lab.apiserver.kinds import Key, Resource
from lab.apiserver.negotiation import Form
from lab.apiserver.selectors import Selection
from lab.apiserver.store import Change, Store, TooOldError
from lab.apiserver.views import EventType, bookmark_line, change_line, error_line, event_line

BOOKMARK_SECONDS = 10.0
LONGEST_SECONDS = 3600.0
MOST_PENDING = 50_000
"""A watch that lags this many changes behind is ended; its client lists again."""

Write = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """What is watched, from where and for how long."""

    resource: Resource
    form: Form
    selection: Selection
    version: int | None
    """Changes after this one; None (or 0): first everything that is there."""
    seconds: float = LONGEST_SECONDS
    bookmarks: bool = False
    initial_events: bool = False
    """First everything that is there whatever the version, ended by a bookmark that says so."""


class Watch:
    """One stream. `write` is called with whole lines."""

    def __init__(self, request: WatchRequest) -> None:
        self.request = request
        self._pending: deque[Change] = deque()
        self._wake = asyncio.Event()
        self._ended = False

    def offer(self, change: Change) -> None:
        self._pending.append(change)
        self._wake.set()
        if len(self._pending) > MOST_PENDING:
            self.end()

    def end(self) -> None:
        """Let the stream finish with what it has sent."""
        self._ended = True
        self._wake.set()

    async def run(self, store: Store, write: Write) -> None:
        """Send until the time is up, the watch is ended, or its version is too old (which the last line says)."""
        request = self.request
        from_the_start = request.initial_events or not request.version
        try:
            missed = [] if from_the_start else store.changes_since(request.resource.kind, request.version or 0)
        except TooOldError:
            message = f"too old resource version: {request.version} ({store.version})"
            await write(error_line(expired(message).status()))
            return
        # Nothing is awaited between reading the store and here, so no change is missed or told twice.
        first = self._present(store) if from_the_start else self._lines(missed)
        await write(first)
        await self._follow(store, write)

    def _present(self, store: Store) -> bytes:
        request = self.request
        found = filter(request.selection.matches, store.all(request.resource.kind, request.selection.namespace))
        lines = [event_line(request.resource, request.form, "ADDED", stored) for stored in found]
        if request.initial_events and request.bookmarks:
            lines.append(bookmark_line(request.resource, request.form, store.version, initial_events_end=True))
        return b"".join(lines)

    async def _follow(self, store: Store, write: Write) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.request.seconds
        pause = BOOKMARK_SECONDS if self.request.bookmarks else LONGEST_SECONDS
        while not self._ended and (left := deadline - loop.time()) > 0:
            timer = loop.call_later(min(left, pause), self._wake.set)
            await self._wake.wait()
            timer.cancel()
            self._wake.clear()
            if self._pending:
                changes, self._pending = self._pending, deque()
                if lines := self._lines(changes):
                    await write(lines)
            elif self.request.bookmarks and not self._ended:
                await write(bookmark_line(self.request.resource, self.request.form, store.version))

    def _lines(self, changes: Iterable[Change]) -> bytes:
        resource, form, selection = self.request.resource, self.request.form, self.request.selection
        return b"".join(
            change_line(resource, form, event, change) for change in changes if (event := event_of(selection, change))
        )


def event_of(selection: Selection, change: Change) -> EventType | None:
    """What `change` is to somebody who sees only `selection`; None when it does not concern them."""
    is_in = not change.gone and selection.matches(change.stored)
    was_in = change.previous is not None and selection.matches(change.previous)
    if is_in:
        return "MODIFIED" if was_in else "ADDED"
    return "DELETED" if was_in else None


class Watches:
    """All open watches; hands each change to those of its kind."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: dict[Key, set[Watch]] = {}
        store.listen(self._offer)

    async def serve(self, watch: Watch, write: Write) -> None:
        """Run `watch` to its end."""
        of_its_kind = self._open.setdefault(watch.request.resource.kind.key, set())
        of_its_kind.add(watch)
        try:
            await watch.run(self._store, write)
        finally:
            of_its_kind.discard(watch)

    def end_all(self) -> None:
        """End every stream, so that the server can stop."""
        for watches in self._open.values():
            for watch in watches:
                watch.end()

    def _offer(self, change: Change) -> None:
        for watch in self._open.get(change.stored.kind.key, ()):
            watch.offer(change)
