"""The store: every object as the bytes that are sent, one version counter, and what changed lately."""

from bisect import bisect_left, bisect_right, insort
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pydantic_core import from_json, to_json

from lab.apiserver.errors import Document
from lab.apiserver.fields import selectable_fields
from lab.apiserver.kinds import Key, Kind

RING_LENGTH = 8192
"""How many changes of one kind a watch can go back."""

Place = tuple[str, str]
"""(namespace, name); the namespace of a cluster-wide object is empty."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of one object."""

    kind: Kind
    namespace: str
    name: str
    uid: str
    version: int
    labels: dict[str, str]
    fields: dict[str, str]
    encoded: bytes
    metadata_span: tuple[int, int]
    """Where the metadata lies within `encoded`: metadata-only answers cut it out."""

    @property
    def place(self) -> Place:
        return self.namespace, self.name

    @property
    def metadata(self) -> bytes:
        start, end = self.metadata_span
        return self.encoded[start:end]

    def document(self) -> Document:
        """A fresh copy, the caller's to change."""
        document: Document = from_json(self.encoded)
        return document


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to an object at `version`: made (no previous), changed, or removed (`gone`)."""

    version: int
    stored: Stored
    previous: Stored | None
    gone: bool = False
    lines: dict[object, bytes] = field(default_factory=dict)
    """Encoded watch events, shared by every watch that sends the same (see watch.py)."""


class TooOldError(LookupError):
    """The changes since that version are not all known any more."""


class Store:
    """All objects. Not thread-safe: everything happens in the event loop's thread."""

    def __init__(self, first_version: int = 1) -> None:
        self.version = first_version
        self._objects: dict[Key, dict[Place, Stored]] = {}
        self._order: dict[Key, list[Place]] = {}
        self._population: Counter[str] = Counter()
        self._rings: dict[Key, deque[Change]] = {}
        self._forgotten: dict[Key, int] = {}
        self._first_version = first_version
        self._listeners: list[Callable[[Change], None]] = []

    def get(self, kind: Kind, namespace: str, name: str) -> Stored | None:
        objects = self._objects.get(kind.key)
        return objects.get((namespace, name)) if objects else None

    def all(self, kind: Kind, namespace: str | None = None, after: Place | None = None) -> Iterator[Stored]:
        """Objects in order of namespace and name: of one namespace or of all, those behind `after`."""
        objects = self._objects.get(kind.key, {})
        order = self._order.get(kind.key, [])
        first = 0 if namespace is None else bisect_left(order, (namespace, ""))
        if after is not None:
            first = max(first, bisect_right(order, after))
        for index in range(first, len(order)):
            place = order[index]
            if namespace is not None and place[0] != namespace:
                return
            yield objects[place]

    def count(self, kind: Kind) -> int:
        """How many objects of `kind` there are."""
        return len(self._objects.get(kind.key, ()))

    def population(self, namespace: str) -> int:
        """How many objects of any kind are in `namespace`."""
        return self._population[namespace]

    def put(self, kind: Kind, document: Document) -> Stored:
        """Make or replace the object that `document` describes, under a new version."""
        metadata = document["metadata"]
        place = (metadata.get("namespace", ""), metadata["name"])
        objects = self._objects.setdefault(kind.key, {})
        previous = objects.get(place)
        self.version += 1
        stored = encode(kind, document, self.version)
        objects[place] = stored
        if previous is None:
            insort(self._order.setdefault(kind.key, []), place)
            self._population[place[0]] += 1
        self._publish(Change(self.version, stored, previous))
        return stored

    def remove(self, stored: Stored, document: Document | None = None) -> Stored:
        """Take the object out; `document` is its last state when that is not the stored one."""
        del self._objects[stored.kind.key][stored.place]
        order = self._order[stored.kind.key]
        del order[bisect_left(order, stored.place)]
        self._population[stored.namespace] -= 1
        self.version += 1
        last = encode(stored.kind, document or stored.document(), self.version)
        self._publish(Change(self.version, last, stored, gone=True))
        return last

    def changes_since(self, kind: Kind, version: int) -> list[Change]:
        """The changes of `kind` after `version`, oldest first. TooOldError when some are forgotten."""
        if version < self._forgotten.get(kind.key, self._first_version):
            raise TooOldError(version)
        since: list[Change] = []
        for change in reversed(self._rings.get(kind.key, ())):
            if change.version <= version:
                break
            since.append(change)
        since.reverse()
        return since

    def listen(self, listener: Callable[[Change], None]) -> None:
        """Call `listener` with every change, at once and in order."""
        self._listeners.append(listener)

    def _publish(self, change: Change) -> None:
        key = change.stored.kind.key
        ring = self._rings.setdefault(key, deque(maxlen=RING_LENGTH))
        if len(ring) == RING_LENGTH:
            self._forgotten[key] = ring[0].version
        ring.append(change)
        for listener in self._listeners:
            listener(change)


def encode(kind: Kind, document: Document, version: int) -> Stored:
    """The stored form of `document` at `version` (which is written into its metadata)."""
    metadata = document["metadata"]
    metadata["resourceVersion"] = str(version)
    head = b'{"apiVersion":"%b","kind":"%b","metadata":' % (kind.api_version.encode(), kind.name.encode())
    meta = to_json(metadata)
    rest = to_json({name: value for name, value in document.items() if name not in ("apiVersion", "kind", "metadata")})
    tail = b"," + rest[1:] if len(rest) > 2 else b"}"
    return Stored(
        kind=kind,
        namespace=metadata.get("namespace", ""),
        name=metadata["name"],
        uid=metadata.get("uid", ""),
        version=version,
        labels=metadata.get("labels") or {},
        fields=selectable_fields(kind, document),
        encoded=head + meta + tail,
        metadata_span=(len(head), len(head) + len(meta)),
    )
