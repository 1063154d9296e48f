"""A kubelet that runs the commands it is given as plain processes, and an API server that has nothing but one pod."""

import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from aiohttp import WSMsgType, web

from lab.apiserver.protocol import UVICORN_OPTIONS, Receive, Scope, Send, StreamingHttpProtocol
from lab.apiserver.streams import V4, V5, PodStream, answer, not_served, serve_exec, serve_log
from lab.credentials import write_credentials
from lab.network import LabNetwork

NAMESPACE, POD, CONTAINER = "default", "subject", "main"
LOG_LINES = 5
READY_SECONDS = 10.0


class StandInKubelet:
    """The kubelet's two endpoints. `log_more` lets a followed log go on."""

    def __init__(self, token: str) -> None:
        self._token = token
        self.log_more = asyncio.Event()
        self.followers = 0
        self.log_queries: list[dict[str, str]] = []
        self._connections: set[asyncio.BaseTransport] = set()

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._authenticate])
        app.router.add_get("/exec/{namespace}/{pod}/{container}", self._exec)
        app.router.add_get("/containerLogs/{namespace}/{pod}/{container}", self._log)
        return app

    def lose_connections(self) -> None:
        """Break every exec's connection without a word, as a kubelet does that is killed."""
        for connection in self._connections:
            assert isinstance(connection, asyncio.Transport)
            connection.abort()

    @web.middleware
    async def _authenticate(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self._token}":
            return web.Response(status=401, text="Unauthorized")
        if request.match_info["container"] != CONTAINER:
            return web.Response(status=404, text=f'container "{request.match_info["container"]}" not found')
        return await handler(request)

    async def _log(self, request: web.Request) -> web.StreamResponse:
        self.log_queries.append(dict(request.query))
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        for number in range(LOG_LINES):
            await response.write(f"line {number}\n".encode())
        if request.query.get("follow") == "true":
            self.followers += 1
            try:
                await self.log_more.wait()
            finally:
                self.followers -= 1
            await response.write(b"one more\n")
        return response

    async def _exec(self, request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse(protocols=[V5, V4], max_msg_size=0)
        await ws.prepare(request)
        assert request.transport is not None
        self._connections.add(request.transport)
        flags = {name for name, value in request.query.items() if value == "true"}
        pipe, void = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *request.query.getall("command"),
            stdin=pipe if "stdin" in flags else void,
            stdout=pipe if "stdout" in flags else void,
            stderr=asyncio.subprocess.STDOUT if "tty" in flags else pipe if "stderr" in flags else void,
        )
        inward = asyncio.create_task(self._inward(ws, process))
        outward = asyncio.gather(self._outward(ws, 1, process.stdout), self._outward(ws, 2, process.stderr))
        await outward
        code = await process.wait()
        if not ws.closed:
            await ws.send_bytes(b"\x03" + json.dumps(_exit_status(code)).encode())
        inward.cancel()
        await ws.close()
        return ws

    async def _inward(self, ws: web.WebSocketResponse, process: asyncio.subprocess.Process) -> None:
        async for message in ws:
            data = message.data if message.type == WSMsgType.BINARY else message.data.encode()
            assert process.stdin is not None or data[0] == 4
            if data[0] == 0 and process.stdin:
                with suppress(ConnectionError):
                    process.stdin.write(data[1:])
                    await process.stdin.drain()
            elif data == b"\xff\x00" and process.stdin:
                process.stdin.close()
        process.kill()

    async def _outward(self, ws: web.WebSocketResponse, channel: int, source: asyncio.StreamReader | None) -> None:
        while source and (data := await source.read(65536)):
            with suppress(ConnectionError):
                await ws.send_bytes(bytes([channel]) + data)


def _exit_status(code: int) -> dict[str, Any]:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


class StandInApiServer:
    """Discovery, one pod and its streams, as ASGI."""

    def __init__(self, token: str, kubelet_url: str) -> None:
        self._token = token
        self.kubelet_url = kubelet_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if headers.get(b"authorization") != f"Bearer {self._token}".encode():
            await _json(scope, send, 401, {"kind": "Status", "apiVersion": "v1", "code": 401, "reason": "Unauthorized"})
            return
        *_, name, subresource = scope["path"].rsplit("/", 2)
        query = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
        stream = PodStream(
            NAMESPACE, POD, dict(query).get("container", CONTAINER), self.kubelet_url, self._token, query
        )
        if name == POD and subresource == "log":
            await serve_log(stream, scope, receive, send)
        elif name == POD and subresource == "exec":
            await serve_exec(stream, scope, receive, send)
        elif name == POD:
            await answer(not_served(subresource), scope, send)
        elif document := DOCUMENTS.get(scope["path"]):
            await _json(scope, send, 200, document)
        else:
            await _json(scope, send, 404, {"kind": "Status", "apiVersion": "v1", "code": 404, "reason": "NotFound"})


async def _json(scope: Scope, send: Send, status: int, document: dict[str, Any]) -> None:
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    headers = [(b"content-type", b"application/json")]
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": json.dumps(document).encode()})


DOCUMENTS: dict[str, dict[str, Any]] = {
    "/version": {"major": "1", "minor": "30", "gitVersion": "v1.30.0"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {
        "kind": "APIResourceList",
        "groupVersion": "v1",
        "resources": [
            {"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod", "verbs": ["get", "list"]},
        ],
    },
    f"/api/v1/namespaces/{NAMESPACE}/pods/{POD}": {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": POD, "namespace": NAMESPACE},
        "spec": {"containers": [{"name": CONTAINER}]},
        "status": {"phase": "Running"},
    },
}


class ReadyServer(uvicorn.Server):
    """uvicorn, saying when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class StandIns:
    """Both servers in one thread with an event loop of its own."""

    def __init__(self, directory: Path, network: LabNetwork) -> None:
        self.credentials = write_credentials(directory, network)
        token = self.credentials.token.read_text().strip()
        self.kubelet = StandInKubelet(token)
        self.api = StandInApiServer(token, f"http://{network.infra_ip}:10250")
        self.loop = asyncio.new_event_loop()
        self.server = ReadyServer(
            uvicorn.Config(
                self.api,
                host=network.infra_ip,
                port=6443,
                http=StreamingHttpProtocol,
                lifespan="off",
                log_config=None,
                ssl_certfile=str(self.credentials.api_certificate),
                ssl_keyfile=str(self.credentials.api_key),
                timeout_graceful_shutdown=1,
                **UVICORN_OPTIONS,
            )
        )
        self._ip = network.infra_ip

    def serve(self) -> None:
        """Serve until `stop`; for a thread."""
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        runner = web.AppRunner(self.kubelet.app(), shutdown_timeout=0, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, self._ip, 10250).start()
        await self.server.serve()
        await runner.cleanup()


@contextmanager
def stand_ins(directory: Path, octet: int) -> Iterator[StandIns]:
    """Both servers, serving."""
    servers = StandIns(directory, LabNetwork(octet))
    thread = threading.Thread(target=servers.serve, daemon=True)
    thread.start()
    try:
        assert servers.server.ready.wait(READY_SECONDS), "the stand-in servers did not start"
        yield servers
    finally:
        servers.server.should_exit = True
        thread.join(READY_SECONDS)
        assert not thread.is_alive(), "the stand-in servers did not stop"
