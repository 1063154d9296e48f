"""One resource's objects kept in memory by list and watch, with callbacks for what changes."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import aclosing

import aiohttp

from lab.kubeclient import ApiError, Document, KubeClient, WatchEvent
from lab.logs import structlog

Callback = Callable[[Document | None, Document | None], None]
IndexKeys = Callable[[Document], Iterable[str]]
Key = tuple[str, str]

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 2.0
GONE = 410

logger = structlog.stdlib.get_logger("informer")


def key_of(document: Document) -> Key:
    """(namespace, name) of an object; the namespace of cluster-scoped ones is empty."""
    metadata = document["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def version_of(document: Document) -> int:
    """The resourceVersion as a number: versions of one server can be compared (Kubernetes promises it since 1.35)."""
    return int(document["metadata"].get("resourceVersion") or 0)


class Informer:
    """The objects at `path` that match `params` (query parameters), as the server last told them.

    `run` keeps them for ever: a refused connection is tried again with a growing wait, a watch that ends is resumed
    where it ended, one that broke or is too old starts over with a list (subscribers hear only the differences).
    The documents belong to the informer: read them, never change them.
    """

    def __init__(self, api: KubeClient, path: str, **params: str) -> None:
        self.path = path
        self._api = api
        self._params = params
        self._objects: dict[Key, Document] = {}
        self._callbacks: list[Callback] = []
        self._indexes: dict[str, tuple[IndexKeys, dict[str, dict[Key, Document]]]] = {}
        self._version = 0
        self._synced = asyncio.Event()

    def subscribe(self, callback: Callback) -> None:
        """Have `callback(old, new)` called in the loop for each change; old is None when added, new when deleted.

        What is there already is told at once. An exception in a callback is logged; the others are still called.
        """
        self._callbacks.append(callback)
        for document in list(self._objects.values()):
            self._call(callback, None, document)

    def add_index(self, name: str, keys: IndexKeys) -> None:
        """Keep an index: `indexed(name, key)` gives the objects for which `keys` yields `key`."""
        index: dict[str, dict[Key, Document]] = {}
        self._indexes[name] = (keys, index)
        for at, document in self._objects.items():
            for key in keys(document):
                index.setdefault(key, {})[at] = document

    def indexed(self, name: str, key: str) -> list[Document]:
        """The objects under `key` in the index `name`."""
        return list(self._indexes[name][1].get(key, {}).values())

    def get(self, namespace: str, name: str) -> Document | None:
        """The object, or None; `namespace` is empty for cluster-scoped ones."""
        return self._objects.get((namespace, name))

    def items(self) -> Iterable[Document]:
        """All objects, safe to iterate while they change."""
        return list(self._objects.values())

    def __len__(self) -> int:
        return len(self._objects)

    async def synced(self) -> None:
        """Return once the first list is in."""
        await self._synced.wait()

    async def run(self) -> None:
        """Keep the cache until cancelled."""
        wait = FIRST_WAIT_SECONDS
        while True:
            try:
                await self._list()
                wait = FIRST_WAIT_SECONDS
                while True:
                    await self._watch()
                    await asyncio.sleep(FIRST_WAIT_SECONDS)
            except ApiError as error:
                if error.status == GONE:
                    logger.info("watch is too old, listing again", path=self.path)
                    continue
                logger.warning("list or watch refused", path=self.path, error=str(error), retry_seconds=wait)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                logger.warning("connection lost", path=self.path, error=_named(error), retry_seconds=wait)
            except Exception:
                # A reply that makes no sense must not end the informer: everything built on it would be blind for good.
                logger.exception("list or watch failed", path=self.path, retry_seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)

    async def _list(self) -> None:
        listing = await self._api.list(self.path, **self._params)
        kind = {"apiVersion": listing.get("apiVersion"), "kind": listing.get("kind", "").removesuffix("List")}
        # Items of a list carry no kind of their own on a real server, those of a watch do.
        found = {key_of(item): {**kind, **item} for item in listing.get("items") or []}
        self._version = int(listing["metadata"]["resourceVersion"])
        for key in self._objects.keys() - found.keys():
            self._set(key, None)
        for key, document in found.items():
            self._set(key, document)
        self._synced.set()

    async def _watch(self) -> None:
        async with aclosing(self._api.watch(self.path, str(self._version), **self._params)) as events:
            async for event in events:
                self._take(event)

    def _take(self, event: WatchEvent) -> None:
        self._version = max(self._version, version_of(event.object))
        if event.type == "BOOKMARK":
            return
        key = key_of(event.object)
        if event.type == "DELETED":
            self._set(key, None)
            return
        known = self._objects.get(key)
        if known is None or version_of(known) < version_of(event.object):
            self._set(key, event.object)

    def observe(self, document: Document) -> None:
        """Take in the server's answer to a write of ours ahead of the watch, so that the next decision knows of it."""
        if version_of(document) > self._version:
            known = self._objects.get(key_of(document))
            if known is None or version_of(known) < version_of(document):
                self._set(key_of(document), document)

    def observe_deleted(self, document: Document) -> None:
        """Drop an object that the server has just removed for us, ahead of the watch."""
        known = self._objects.get(key_of(document))
        if known is not None and known["metadata"].get("uid") == document["metadata"].get("uid"):
            self._set(key_of(document), None)

    def _set(self, key: Key, new: Document | None) -> None:
        old = self._objects.get(key)
        if old is None and new is None:
            return
        if old and new:
            if old["metadata"].get("uid") != new["metadata"].get("uid"):
                # Another object under the same name: whoever counts objects must see the first one go.
                self._set(key, None)
                old = None
            elif version_of(old) == version_of(new):
                return
        if new is None:
            del self._objects[key]
        else:
            self._objects[key] = new
        for keys, index in self._indexes.values():
            _reindex(key, index, keys(old) if old else (), keys(new) if new else (), new)
        for callback in self._callbacks:
            self._call(callback, old, new)

    def _call(self, callback: Callback, old: Document | None, new: Document | None) -> None:
        try:
            callback(old, new)
        except Exception:
            # One subscriber's mistake must not keep the others, or the watch itself, from going on.
            logger.exception("callback failed", path=self.path)


def _reindex(
    at: Key,
    index: dict[str, dict[Key, Document]],
    before: Iterable[str],
    after: Iterable[str],
    document: Document | None,
) -> None:
    for key in before:
        entries = index[key]
        del entries[at]
        if not entries:
            del index[key]
    if document is not None:
        for key in after:
            index.setdefault(key, {})[at] = document


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
