"""A scripted API server for client tests: answers and watch streams are handed out in the order they were given."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from lab.kubeclient import Document

BREAK = "break"  # in a watch script: cut the connection
CLOSE = "close"  # in a watch script: end the watch as the server does after timeoutSeconds


class FakeServer:
    """`lists` and `watches` go from the left; the last list is repeated, a watch without a script stays open."""

    def __init__(self) -> None:
        self.lists: deque[Document | int] = deque()
        self.watches: deque[list[Document | str]] = deque()
        self.answers: deque[tuple[int, Any]] = deque()
        self.requests: list[web.Request] = []
        self.bodies: list[bytes] = []
        self.stopping = asyncio.Event()

    @property
    def watched_from(self) -> list[str]:
        return [r.query["resourceVersion"] for r in self.requests if "watch" in r.query]

    @property
    def list_count(self) -> int:
        return sum(1 for r in self.requests if r.method == "GET" and "watch" not in r.query)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.read())
        if "watch" in request.query:
            return await self._watch(request)
        if self.answers:
            status, body = self.answers.popleft()
            text = body if isinstance(body, str) else json.dumps(body)
            return web.Response(status=status, text=text, content_type="application/json")
        answer = self.lists.popleft() if len(self.lists) > 1 else self.lists[0]
        if isinstance(answer, int):
            return web.json_response({"kind": "Status", "code": answer, "reason": "Broken"}, status=answer)
        return web.json_response(answer)

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        script = self.watches.popleft() if self.watches else None
        response = web.StreamResponse()
        await response.prepare(request)
        for step in script or []:
            if step == BREAK:
                assert request.transport is not None
                request.transport.abort()
                return response
            if step == CLOSE:
                return response
            await response.write(json.dumps(step).encode() + b"\n")
        await self.stopping.wait()
        return response


@asynccontextmanager
async def serving(server: FakeServer, directory: Path) -> AsyncIterator[Path]:
    """Serve on a free port; gives a kubeconfig."""
    app = web.Application(client_max_size=10**8)
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield write_kubeconfig(directory / "kubeconfig", f"http://127.0.0.1:{port}")
    finally:
        server.stopping.set()
        await runner.cleanup()


def write_kubeconfig(path: Path, server: str) -> Path:
    config = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "secret-token"}}],
    }
    path.write_text(json.dumps(config))
    return path


def item(name: str, version: int, uid: str = "", **metadata: Any) -> Document:
    return {
        "metadata": {"namespace": "n", "name": name, "resourceVersion": str(version), "uid": uid or name, **metadata}
    }


def listing(version: int, *items: Document) -> Document:
    return {
        "kind": "PodList",
        "apiVersion": "v1",
        "metadata": {"resourceVersion": str(version)},
        "items": list(items),
    }


def event(kind: str, document: Document) -> Document:
    return {"type": kind, "object": document}
