"""The kubelet's own HTTP server, for the API server: logs of and commands in containers."""

import hmac
from collections.abc import Awaitable, Callable

from aiohttp import web

from lab.kubelet.container import Container
from lab.kubelet.exec import PROTOCOLS, ExecRequest, serve_exec
from lab.kubelet.logs import parse_query, read_log
from lab.kubelet.pods import Pods

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
OPEN_PATHS = frozenset({"/healthz"})


def application(pods: Pods, token: str) -> web.Application:
    """The server of these pods; everything but /healthz wants `Authorization: Bearer <token>`."""
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def authorize(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode(errors="replace")
        if request.path not in OPEN_PATHS and not hmac.compare_digest(given, expected):
            raise web.HTTPUnauthorized(text="the kubelet wants the lab's bearer token")
        return await handler(request)

    server = _Server(pods)
    app = web.Application(middlewares=[authorize])
    app.router.add_get("/healthz", server.healthz)
    app.router.add_get("/containerLogs/{namespace}/{pod}/{container}", server.logs)
    app.router.add_get("/exec/{namespace}/{pod}/{container}", server.exec)
    return app


class _Server:
    def __init__(self, pods: Pods) -> None:
        self._pods = pods

    async def healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def logs(self, request: web.Request) -> web.StreamResponse:
        container = self._container(request)
        try:
            query = parse_query(request.query)
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        log = container.previous_log if query.previous else container.log
        if log is None:
            name, pod = container.spec["name"], request.match_info["pod"]
            waiting = f'container "{name}" in pod "{pod}" is waiting to start'
            lost = f'previous terminated container "{name}" in pod "{pod}" not found'
            raise web.HTTPBadRequest(text=lost if query.previous else waiting)
        response = web.StreamResponse(headers={"Content-Type": "text/plain; charset=utf-8"})
        await response.prepare(request)
        async for chunk in read_log(log, query):
            await response.write(chunk)
        await response.write_eof()
        return response

    async def exec(self, request: web.Request) -> web.StreamResponse:
        container = self._container(request)

        def wants(stream: str) -> bool:
            return request.query.get(stream, "").lower() in ("true", "1")

        command = request.query.getall("command", [])
        if not command:
            raise web.HTTPBadRequest(text="exec wants a command: ?command=...&command=...")
        socket = web.WebSocketResponse(protocols=PROTOCOLS, compress=False)
        if not socket.can_prepare(request):
            raise web.HTTPBadRequest(text=f"exec is spoken over WebSocket, with one of {', '.join(PROTOCOLS)}")
        await socket.prepare(request)
        streams = {name: wants(name) for name in ("stdin", "stdout", "stderr", "tty")}
        await serve_exec(socket, container, ExecRequest(command, **streams))
        await socket.close()
        return socket

    def _container(self, request: web.Request) -> Container:
        namespace, pod, name = (request.match_info[part] for part in ("namespace", "pod", "container"))
        worker = self._pods.find(namespace, pod)
        if worker is None:
            raise web.HTTPNotFound(text=f'pod "{namespace}/{pod}" is not on this node')
        if name not in worker.container_names():
            raise web.HTTPNotFound(text=f'container "{name}" is not one of pod "{namespace}/{pod}"')
        if name not in worker.containers:
            state = "not available" if worker.rejected else "waiting to start"
            raise web.HTTPBadRequest(text=f'container "{name}" in pod "{pod}" is {state}')
        return worker.containers[name]
