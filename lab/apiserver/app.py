"""The ASGI application: who asks, what for, and who answers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from pydantic_core import to_json

from lab.apiserver import kube_state_metrics, prometheus_targets
from lab.apiserver.authorization import allowed, asked
from lab.apiserver.deletion import parse_delete_options
from lab.apiserver.discovery import discovery_document
from lab.apiserver.errors import Document, Refused, forbidden, method_not_allowed, no_such_path, not_found, success
from lab.apiserver.eviction import bind, evict
from lab.apiserver.exchange import Exchange
from lab.apiserver.identity import Identities, User
from lab.apiserver.kinds import JOB, NAMESPACE, NODE, POD, REVIEWS, SERVICE_ACCOUNT, Registry, group_version
from lab.apiserver.lifecycle import PERMANENT_NAMESPACES, Lifecycle
from lab.apiserver.listing import page, selected, watch_request
from lab.apiserver.objects import Objects
from lab.apiserver.patches import APPLY
from lab.apiserver.pod_routes import choose_container, kubelet_url
from lab.apiserver.protocol import Receive, Scope, Send
from lab.apiserver.reviews import Reviews
from lab.apiserver.routing import Target, parse_path
from lab.apiserver.scale import scale_document
from lab.apiserver.store import Stored
from lab.apiserver.streams import NOT_SERVED, PodStream, answer, not_served, serve_exec, serve_log
from lab.apiserver.versions import served_document
from lab.apiserver.views import list_bytes, object_bytes
from lab.apiserver.watch import Watch, Watches

_log = logging.getLogger(__name__)

_OPEN_PATHS = frozenset({"/readyz", "/livez", "/healthz", "/version"})
_TEXT = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
_EMPTY_OPENAPI = (b"content-type", b"application/com.github.proto-openapi.spec.v2.v1.0+protobuf")
_RETURNED_WHEN_DELETED = frozenset({"pods", "services", "serviceaccounts", "namespaces"})

Handler = Callable[[Exchange, Target], Awaitable[None]]


class Application:
    """The API, as an ASGI callable."""

    def __init__(self, objects: Objects, registry: Registry, token: str) -> None:
        self._objects = objects
        self._registry = registry
        self._token = token
        self._identities = Identities(objects.store, token)
        self._reviews = Reviews(objects.store, self._identities)
        self._lifecycle = Lifecycle(objects, registry)
        self._lifecycle.create_initial_objects()
        self.watches = Watches(objects.store)
        self._collection: dict[str, Handler] = {
            "GET": self._list,
            "POST": self._create,
            "DELETE": self._delete_collection,
        }
        self._object: dict[str, Handler] = {
            "GET": self._get,
            "PUT": self._replace,
            "PATCH": self._patch,
            "DELETE": self._delete,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return
        exchange = Exchange(scope, receive, send)
        try:
            await self._route(exchange, send)
        except Refused as refusal:
            await answer(refusal, scope, send)
        except ConnectionResetError:
            return
        except Exception as error:
            if exchange.started:
                raise
            _log.exception("%s %s failed", exchange.method, exchange.path)
            await answer(Refused(500, "InternalError", f"Internal error occurred: {error!r}"), scope, send)

    async def _route(self, exchange: Exchange, send: Send) -> None:
        user = None if exchange.path in _OPEN_PATHS else self._identities.user(exchange.headers)
        target = parse_path(self._registry, exchange.path)
        websocket = exchange.scope["type"] == "websocket"
        if websocket and (target is None or target.subresource != "exec"):
            raise no_such_path()
        if target is None or user is None:
            await self._answer_other(exchange, user)
            return
        for attributes in asked(target, exchange.method, watch=exchange.is_watch, websocket=websocket):
            if not allowed(self._objects.store, user, attributes):
                raise attributes.refusal(user)
        if target.subresource:
            await self._serve_subresource(exchange, target, send)
        else:
            handlers = self._object if target.name else self._collection
            handler = handlers.get(exchange.method)
            if handler is None:
                raise method_not_allowed()
            await handler(exchange, target)

    async def _answer_other(self, exchange: Exchange, user: User | None) -> None:
        """Paths that name no stored object: health, discovery, what Prometheus asks for, reviews."""
        path = exchange.path
        if path in ("/readyz", "/livez", "/healthz"):
            await exchange.answer(b"ok", content_type=(b"content-type", b"text/plain"))
        elif path == "/openapi/v2":
            # An empty specification: kubectl then checks nothing on its own side.
            await exchange.answer(b"", content_type=_EMPTY_OPENAPI)
        elif path == prometheus_targets.PATH:
            await exchange.answer(to_json(prometheus_targets.targets(self._objects.store.all(POD))))
        elif path == kube_state_metrics.PATH:
            store = self._objects.store
            text = kube_state_metrics.exposition(store.all(NODE), store.all(JOB))
            await exchange.answer(text.encode(), content_type=_TEXT)
        elif exchange.method == "POST" and user is not None:
            await self._review(exchange, user)
        elif document := discovery_document(self._registry, path):
            await exchange.answer_document(document)
        else:
            raise no_such_path()

    async def _review(self, exchange: Exchange, user: User) -> None:
        match exchange.path.strip("/").split("/"):
            case ["apis", group, version, *_, plural] if kind := REVIEWS.get((group, version, plural)):
                body = await exchange.object()
                document = self._reviews.answer(kind, group_version(group, version), body, user)
                await exchange.answer_document(document, 201)
            case _:
                raise no_such_path()

    # --- collections

    async def _list(self, exchange: Exchange, target: Target) -> None:
        if exchange.is_watch:
            await self._watch(exchange, target)
        else:
            await exchange.answer(page(self._objects.store, target, exchange.query, exchange.form))

    async def _watch(self, exchange: Exchange, target: Target) -> None:
        watch = Watch(watch_request(target, exchange.query, exchange.form))
        gone = asyncio.ensure_future(_disconnected(exchange, watch))
        try:
            await exchange.start_stream()
            await self.watches.serve(watch, exchange.write)
            await exchange.end_stream()
        finally:
            gone.cancel()

    async def _create(self, exchange: Exchange, target: Target) -> None:
        if target.namespace is None and target.resource.kind.namespaced:
            raise method_not_allowed()
        await self._create_from(exchange, target, await exchange.object())

    async def _create_from(self, exchange: Exchange, target: Target, body: Document) -> None:
        stored = self._objects.create(target.resource, target.namespace or "", body, dry_run=exchange.dry_run)
        if not exchange.dry_run:
            stored = self._lifecycle.created(stored)
        await exchange.answer(object_bytes(target.resource, exchange.form, stored), 201)

    async def _delete_collection(self, exchange: Exchange, target: Target) -> None:
        options = parse_delete_options(await exchange.body(), exchange.query)
        deleted: list[Stored] = []
        for stored in selected(self._objects.store, target, exchange.query):
            last, _ = self._objects.delete(stored, options)
            if not options.dry_run:
                self._lifecycle.deleted(last)
            deleted.append(last)
        metadata = {"resourceVersion": str(self._objects.store.version)}
        await exchange.answer(list_bytes(target.resource, exchange.form, deleted, metadata))

    # --- objects

    def _stored(self, target: Target) -> Stored:
        return self._objects.get(target.resource, target.namespace or "", target.name)

    async def _get(self, exchange: Exchange, target: Target) -> None:
        await exchange.answer(object_bytes(target.resource, exchange.form, self._stored(target)))

    async def _replace(self, exchange: Exchange, target: Target) -> None:
        body = await exchange.object()
        stored = self._stored(target)
        changed = self._objects.replace(target.resource, stored, body, target.subresource, dry_run=exchange.dry_run)
        await self._answer_changed(exchange, target, changed)

    async def _patch(self, exchange: Exchange, target: Target) -> None:
        patch = await exchange.body()
        content_type = exchange.content_type
        resource, namespace = target.resource, target.namespace or ""
        present = self._objects.store.get(resource.kind, namespace, target.name)
        if present is None and content_type == APPLY and isinstance(patch, dict) and not target.subresource:
            metadata = {**(patch.get("metadata") or {}), "name": target.name}
            await self._create_from(exchange, target, {**patch, "metadata": metadata})
            return
        if present is None:
            raise not_found(resource.kind.group, resource.kind.plural, target.name)
        changed = self._objects.patch(
            resource, present, patch, content_type, target.subresource, dry_run=exchange.dry_run
        )
        await self._answer_changed(exchange, target, changed)

    async def _answer_changed(self, exchange: Exchange, target: Target, stored: Stored) -> None:
        if not exchange.dry_run:
            stored = self._lifecycle.updated(stored)
        if target.subresource == "scale":
            await exchange.answer_document(scale_document(stored.document()))
        else:
            await exchange.answer(object_bytes(target.resource, exchange.form, stored))

    async def _delete(self, exchange: Exchange, target: Target) -> None:
        options = parse_delete_options(await exchange.body(), exchange.query)
        kind = target.resource.kind
        if kind is NAMESPACE and target.name in PERMANENT_NAMESPACES:
            raise forbidden("", kind.plural, target.name, "this namespace may not be deleted")
        last, gone = self._objects.delete(self._stored(target), options)
        if not options.dry_run:
            self._lifecycle.deleted(last)
        if gone and kind.plural not in _RETURNED_WHEN_DELETED:
            await exchange.answer_document(success(last.name, kind.group, kind.plural, last.uid))
        else:
            await exchange.answer(object_bytes(target.resource, exchange.form, last))

    # --- subresources

    async def _serve_subresource(self, exchange: Exchange, target: Target, send: Send) -> None:
        kind, name = target.resource.kind, target.subresource
        if (name == "status" and kind.status) or (name == "scale" and kind.scale):
            await self._serve_part(exchange, target)
        elif kind is POD and name in ("log", "exec"):
            await self._stream(exchange, target, send)
        elif kind is POD and name in NOT_SERVED:
            raise not_served(name)
        elif kind is POD and name in ("eviction", "binding") and exchange.method == "POST":
            await self._move(exchange, target)
        elif kind is SERVICE_ACCOUNT and name == "token" and exchange.method == "POST":
            body = await exchange.object()
            await exchange.answer_document(self._identities.issue(self._stored(target), body), 201)
        elif kind is NAMESPACE and name == "finalize" and exchange.method == "PUT":
            await self._replace(exchange, Target(target.resource, None, target.name))
        else:
            raise no_such_path()

    async def _serve_part(self, exchange: Exchange, target: Target) -> None:
        """status and scale."""
        if exchange.method == "GET" and target.subresource == "scale":
            document = served_document(target.resource, self._stored(target))
            await exchange.answer_document(scale_document(document))
        elif exchange.method in ("GET", "PUT", "PATCH"):
            await self._object[exchange.method](exchange, target)
        else:
            raise method_not_allowed()

    async def _move(self, exchange: Exchange, target: Target) -> None:
        """eviction and binding."""
        body = await exchange.object()
        pod = self._stored(target)
        if target.subresource == "binding":
            bind(self._objects, pod, body)
        else:
            evict(self._objects, pod, body, exchange.query)
            self._lifecycle.deleted(pod)
        await exchange.answer_document(
            {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201
        )

    async def _stream(self, exchange: Exchange, target: Target, send: Send) -> None:
        pod = self._stored(target)
        request = PodStream(
            namespace=pod.namespace,
            pod=pod.name,
            container=choose_container(pod.document(), exchange.query.get("container")),
            kubelet_url=kubelet_url(self._objects.store, pod),
            token=self._token,
            query=exchange.query_items(),
        )
        serve = serve_log if target.subresource == "log" else serve_exec
        await serve(request, exchange.scope, exchange.receive, send)


async def _disconnected(exchange: Exchange, watch: Watch) -> None:
    """End `watch` when its client goes away."""
    while (await exchange.receive())["type"] != "http.disconnect":
        pass
    watch.end()
