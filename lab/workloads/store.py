"""A small object store over HTTPS: where the trainer keeps its checkpoints.

    PUT    /KEY            store the body (201); a header x-checksum-sha256 must agree with it (else 400)
    GET    /KEY            the object, with its ETag
    HEAD   /KEY            its size and ETag
    DELETE /KEY            remove it (204; 404 if it was not there)
    GET    /?prefix=KEY    {"objects": [{"key", "size", "etag", "modified"}]}, sorted by key
    GET    /healthz

An object appears whole or not at all: the body goes to a file beside the objects, is hashed on its way, and is renamed
into its place. Nothing is flushed to the disk itself: the data lives as long as the pod's emptyDir does.

TLS on $POD_IP:8333 with the certificate in the volume mounted at /etc/tls, which may change; metrics on $POD_IP:9464.
Connections that are idle for a second are closed, as the big stores do sooner or later: a client that kept its own for
hours would never see a new certificate.

Environment: POD_IP, STORE_DIR (or the emptyDir mounted at /data, MOUNT_DATA), STORE_MAX_BYTES.
"""

import hashlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import Counter, Gauge, Histogram

from lab.workloads.http_metrics import metrics_handler, new_registry
from lab.workloads.server_certificate import CertificateMetrics, ServerCertificate
from lab.workloads.serving import Listener, Logger, listening, run_program, until_stopped
from lab.workloads.settings import Settings

CHECKSUM_HEADER = "x-checksum-sha256"
REQUEST_SECONDS_EDGES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
INCOMING = ".incoming"
RESERVED = ("healthz",)
PORT, METRICS_PORT = 8333, 9464
IDLE_SECONDS = 1.0
MAX_KEY_LENGTH = 512
CHUNK_BYTES = 64 * 1024

_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


class InvalidKeyError(ValueError):
    """The key cannot name an object; the message says why."""


class ChecksumError(ValueError):
    """The body is not the one that the sender hashed."""


class KeyConflictError(ValueError):
    """The key names a folder of other keys, or lies below an object."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What is known of an object without reading it: its key, bytes, sha256 (hex) and Unix time of writing."""

    key: str
    size: int
    sha256: str
    modified: float


def check_key(key: str) -> str:
    """Give the key back if it is one: segments of letters, digits, `_`, `.`, `-`, none of which begins with a dot."""
    if not key or len(key) > MAX_KEY_LENGTH:
        raise InvalidKeyError(f"a key has 1 to {MAX_KEY_LENGTH} characters, this one {len(key)}")
    if key in RESERVED:
        raise InvalidKeyError(f"{key!r} is the store's own path")
    for segment in key.split("/"):
        if not _SEGMENT.fullmatch(segment):
            raise InvalidKeyError(f"{segment!r} cannot be a part of a key")
    return key


class ObjectDirectory:
    """Objects as files below one directory, with their checksums in memory."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._incoming = self._root / INCOMING
        self._incoming.mkdir(parents=True, exist_ok=True)
        for leftover in self._incoming.iterdir():
            leftover.unlink()
        self._serial = 0
        self._objects = {info.key: info for info in self._scan()}

    def _scan(self) -> Iterator[ObjectInfo]:
        for path in self._root.rglob("*"):
            if path.is_file() and not path.is_symlink() and path.parent != self._incoming:
                key = path.relative_to(self._root).as_posix()
                status = path.stat()
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                yield ObjectInfo(key, status.st_size, digest, status.st_mtime)

    @property
    def total_bytes(self) -> int:
        return sum(info.size for info in self._objects.values())

    @property
    def count(self) -> int:
        return len(self._objects)

    def list(self, prefix: str) -> list[ObjectInfo]:
        """The objects whose keys begin with `prefix`, sorted by key."""
        return sorted(
            (info for key, info in self._objects.items() if key.startswith(prefix)), key=lambda info: info.key
        )

    def get(self, key: str) -> ObjectInfo | None:
        return self._objects.get(check_key(key))

    def path(self, key: str) -> Path:
        """The file of a key.

        Raises InvalidKeyError when a symbolic link would lead it out of the directory.
        """
        path = self._root / check_key(key)
        if not path.resolve().is_relative_to(self._root):
            raise InvalidKeyError(f"{key!r} leads out of the store")
        return path

    def new_upload(self) -> Path:
        """A fresh file name for a body on its way in."""
        self._serial += 1
        return self._incoming / str(self._serial)

    def commit(self, key: str, upload: Path, sha256: str) -> ObjectInfo:
        """Move a complete upload into its place.

        Raises KeyConflictError when an object and a folder would share a name.
        """
        path = self.path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            upload.replace(path)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise KeyConflictError(f"{key!r} and another key cannot both exist") from error
        info = ObjectInfo(key, path.stat().st_size, sha256, time.time())
        self._objects[key] = info
        return info

    def delete(self, key: str) -> bool:
        """Remove an object; whether there was one."""
        known = self._objects.pop(check_key(key), None)
        if known is not None:
            self.path(key).unlink(missing_ok=True)
        return known is not None


class StoreMetrics:
    """What the store tells Prometheus."""

    def __init__(self, objects: ObjectDirectory) -> None:
        self.registry = new_registry()
        self.requests = Counter("store_requests", "Requests answered.", ["method", "status"], registry=self.registry)
        self.seconds = Histogram(
            "store_request_seconds",
            "Seconds from a request's first line to the end of its answer.",
            ["method"],
            buckets=REQUEST_SECONDS_EDGES,
            registry=self.registry,
        )
        total = Gauge("store_bytes", "Bytes of all objects.", registry=self.registry)
        total.set_function(lambda: objects.total_bytes)
        count = Gauge("store_objects", "Objects in the store.", registry=self.registry)
        count.set_function(lambda: objects.count)

    def observe(self, method: str, status: int, seconds: float) -> None:
        self.requests.labels(method, str(status)).inc()
        self.seconds.labels(method).observe(seconds)


def etag(info: ObjectInfo) -> str:
    return f'"{info.sha256}"'


class Store:
    """The HTTP face of an object directory; `registry` holds what is measured."""

    def __init__(self, objects: ObjectDirectory, max_bytes: int) -> None:
        self._objects = objects
        self._max_bytes = max_bytes
        self._metrics = StoreMetrics(objects)
        self.registry = self._metrics.registry

    def application(self) -> web.Application:
        """What clients see."""
        app = web.Application(middlewares=[self._observe])
        app.router.add_get("/healthz", self._healthz, allow_head=False)
        app.router.add_get("/", self._list, allow_head=False)
        app.router.add_put("/{key:.+}", self._put)
        app.router.add_get("/{key:.+}", self._get, allow_head=False)
        app.router.add_head("/{key:.+}", self._head)
        app.router.add_delete("/{key:.+}", self._delete)
        return app

    def private_application(self) -> web.Application:
        """What the cluster sees."""
        app = web.Application()
        app.router.add_get("/healthz", self._healthz, allow_head=False)
        app.router.add_get("/metrics", metrics_handler(self.registry), allow_head=False)
        return app

    @web.middleware
    async def _observe(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        status = 500
        try:
            response = await self._answer(request, handler)
            status = response.status
        except web.HTTPException as error:
            status = error.status
            raise
        finally:
            if request.path != "/healthz":
                self._metrics.observe(request.method, status, time.perf_counter() - started)
        return response

    @staticmethod
    async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except (InvalidKeyError, ChecksumError) as error:
            return web.json_response({"error": str(error)}, status=400)
        except KeyConflictError as error:
            return web.json_response({"error": str(error)}, status=409)

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _list(self, request: web.Request) -> web.Response:
        listed = self._objects.list(request.query.get("prefix", ""))
        entries = [{"key": i.key, "size": i.size, "etag": i.sha256, "modified": i.modified} for i in listed]
        return web.json_response({"objects": entries})

    async def _put(self, request: web.Request) -> web.Response:
        key = check_key(request.match_info["key"])
        upload = self._objects.new_upload()
        try:
            sha256 = await self._receive(request, upload)
            expected = request.headers.get(CHECKSUM_HEADER)
            if expected is not None and expected.lower() != sha256:
                raise ChecksumError(f"the body's sha256 is {sha256}, not {expected}")
            info = self._objects.commit(key, upload, sha256)
        finally:
            upload.unlink(missing_ok=True)
        return web.Response(status=201, headers={"ETag": etag(info)})

    async def _receive(self, request: web.Request, upload: Path) -> str:
        digest = hashlib.sha256()
        size = 0
        with upload.open("wb") as file:
            async for chunk in request.content.iter_chunked(CHUNK_BYTES):
                size += len(chunk)
                if size > self._max_bytes:
                    raise web.HTTPRequestEntityTooLarge(max_size=self._max_bytes, actual_size=size)
                digest.update(chunk)
                file.write(chunk)
        return digest.hexdigest()

    async def _get(self, request: web.Request) -> web.StreamResponse:
        info = self._known(request)
        response = web.StreamResponse(headers={"ETag": etag(info), "Content-Type": "application/octet-stream"})
        try:
            file = self._objects.path(info.key).open("rb")
        except FileNotFoundError as error:
            raise web.HTTPNotFound(text=f"no object {info.key}\n") from error
        with file:
            response.content_length = os.fstat(file.fileno()).st_size
            await response.prepare(request)
            while chunk := file.read(CHUNK_BYTES):
                await response.write(chunk)
        await response.write_eof()
        return response

    async def _head(self, request: web.Request) -> web.Response:
        info = self._known(request)
        return web.Response(headers={"ETag": etag(info), "Content-Length": str(info.size)})

    async def _delete(self, request: web.Request) -> web.Response:
        deleted = self._objects.delete(check_key(request.match_info["key"]))
        return web.Response(status=204 if deleted else 404)

    def _known(self, request: web.Request) -> ObjectInfo:
        key = request.match_info["key"]
        info = self._objects.get(key)
        if info is None:
            raise web.HTTPNotFound(text=f"no object {key}\n")
        return info


async def serve(settings: Settings, log: Logger) -> None:
    """Serve until SIGTERM."""
    root = Path(settings.optional("STORE_DIR") or settings.mount("/data"))
    host = settings.text("POD_IP")
    objects = ObjectDirectory(root)
    store = Store(objects, max_bytes=settings.count("STORE_MAX_BYTES", 256 << 20))
    certificate = ServerCertificate(settings.mount("/etc/tls"), CertificateMetrics("store", store.registry), log)
    certificate.load_first()
    listeners = [
        Listener(store.application(), host, PORT, certificate.context, IDLE_SECONDS),
        Listener(store.private_application(), host, METRICS_PORT),
    ]
    async with listening(listeners, drain_seconds=0.5):
        log.info("serving", address=f"{host}:{PORT}", directory=str(root), objects=objects.count)
        await until_stopped(certificate.follow())


if __name__ == "__main__":
    run_program("store", serve)
