"""pods/log and pods/exec: each is passed on to the kubelet of the pod's node.

exec comes from the client as a WebSocket or as SPDY/3.1 and goes to the kubelet as a WebSocket.
"""

import asyncio
import json
import logging
from collections.abc import Coroutine
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from lab.apiserver.errors import Refused, bad_request
from lab.apiserver.exec_clients import CLOSE, ERROR, ExecClient, SpdyClient, WebSocketClient
from lab.apiserver.exec_options import ExecOptions, Query
from lab.apiserver.kubelet_log import get
from lab.apiserver.protocol import SPDY_EXTENSION, Receive, Scope, Send

NOT_SERVED = frozenset({"attach", "portforward"})
"""Streams of pods that Kubernetes has and the lab has not."""

V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"

_log = logging.getLogger(__name__)

KUBELET_TIMEOUT = 10.0
"""Seconds for a kubelet to accept an exec."""
KUBELET_CLOSE_TIMEOUT = 1.0
"""Seconds for a kubelet to answer the end of an exec."""
MAX_MESSAGE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PodStream:
    """A request for a stream of one container, already authenticated, routed and found on its node.

    `kubelet_url` is like http://127.77.1.1:10250; `query` is the request's, decoded and in its order.
    """

    namespace: str
    pod: str
    container: str | None
    kubelet_url: str
    token: str
    query: Query

    def url(self, kind: str, query: str) -> str:
        """The kubelet's URL of this container's `kind` ("containerLogs" or "exec")."""
        names = [quote(name, safe="") for name in (self.namespace, self.pod, self.container) if name]
        return "/".join([self.kubelet_url, kind, *names]) + (f"?{query}" if query else "")


async def serve_log(request: PodStream, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer pods/log with what the kubelet answers, as it comes, until the client goes away."""
    await _first(_copy_log(request, scope, send), _disconnected(receive))


async def serve_exec(request: PodStream, scope: Scope, receive: Receive, send: Send) -> None:
    """Run a command in the container for the client: scope is a WebSocket's or has the SPDY extension."""
    try:
        options = ExecOptions.parse(request.query)
        subprotocol = _negotiate(scope)
        kubelet = await _connect(request, options)
    except Refused as refusal:
        await answer(refusal, scope, send)
        return
    try:
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept", "subprotocol": subprotocol})
            await _relay(WebSocketClient(receive, send), kubelet)
        else:
            headers = [(b"X-Stream-Protocol-Version", subprotocol.encode())]
            with closing(scope["extensions"][SPDY_EXTENSION]["accept"](headers)) as connection:
                client = SpdyClient(connection)
                await client.wait_open(options.streams)
                await _relay(client, kubelet)
    except OSError as error:
        _log.info("exec in %s/%s: the client has gone: %s", request.namespace, request.pod, error)
    finally:
        await kubelet.close()


def not_served(subresource: str) -> Refused:
    """The refusal (501) of one of NOT_SERVED."""
    return Refused(501, "NotImplemented", f"the lab does not serve pods/{subresource}")


async def answer(refusal: Refused, scope: Scope, send: Send) -> None:
    """Send a refusal in plain HTTP, to a WebSocket not yet accepted as well."""
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    body = json.dumps(refusal.status()).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": f"{kind}.start", "status": refusal.code, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})


def _negotiate(scope: Scope) -> str:
    """The protocol to speak with the client; Refused (400) where it asks for no upgrade or knows none of ours."""
    if scope["type"] == "websocket":
        offered = scope["subprotocols"]
        known = [name for name in offered if name in {V4, V5}]
    elif SPDY_EXTENSION in (scope.get("extensions") or {}):
        values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-stream-protocol-version"]
        offered = [name.strip() for value in values for name in value.split(",")]
        known = [V4] if V4 in offered else []
    else:
        raise bad_request("exec is a stream: ask for an upgrade to WebSocket or SPDY/3.1")
    if not known:
        raise bad_request(
            f"of the stream protocols {', '.join(offered) or 'none'} the lab speaks none; it has {V5}, {V4}"
        )
    return str(known[0])


async def _connect(request: PodStream, options: ExecOptions) -> ClientConnection:
    """The kubelet's end of the exec; Refused as the kubelet refuses, or (500) when it cannot be reached."""
    try:
        return await connect(
            request.url("exec", options.encoded()).replace("http", "ws", 1),
            additional_headers={"Authorization": f"Bearer {request.token}"},
            subprotocols=[Subprotocol(V5), Subprotocol(V4)],
            compression=None,
            max_size=MAX_MESSAGE,
            open_timeout=KUBELET_TIMEOUT,
            close_timeout=KUBELET_CLOSE_TIMEOUT,
            ping_interval=None,
            proxy=None,
        )
    except InvalidStatus as refusal:
        raise _passed_on(refusal.response.status_code, bytes(refusal.response.body or b"")) from refusal
    except (OSError, WebSocketException) as error:
        raise _unreachable(request, error) from error


def _passed_on(code: int, body: bytes) -> Refused:
    """A kubelet's refusal as our own; its body is a Status or plain text."""
    text = body.decode(errors="replace").strip()
    try:
        status = json.loads(text)
        return Refused(code, str(status["reason"]), str(status["message"]))
    except (ValueError, KeyError, TypeError):
        reason = {400: "BadRequest", 404: "NotFound"}.get(code, "InternalError")
        return Refused(code, reason, text or f"the kubelet answers {code}")


def _unreachable(request: PodStream, error: Exception) -> Refused:
    message = f"no answer from the kubelet at {request.kubelet_url}: {error or type(error).__name__}"
    return Refused(500, "InternalError", message)


async def _relay(client: ExecClient, kubelet: ClientConnection) -> None:
    """Pass messages both ways until the command ends or the client goes away."""
    upstream = asyncio.create_task(_to_kubelet(client, kubelet))
    try:
        ended = await _to_client(kubelet, client)
    finally:
        upstream.cancel()
        await asyncio.wait({upstream})
    if not ended:
        lost = Refused(500, "InternalError", "the connection to the kubelet broke before the command ended")
        await client.send(bytes([ERROR]) + json.dumps(lost.status()).encode())
    await client.close()


async def _to_kubelet(client: ExecClient, kubelet: ClientConnection) -> None:
    """Pass on the client's messages; when it goes away, the kubelet is told by the end of the connection."""
    with suppress(ConnectionClosed, OSError):
        async for message in client.messages():
            if message[0] != CLOSE or kubelet.subprotocol == V5:
                await kubelet.send(message)
    await kubelet.close()


async def _to_client(kubelet: ClientConnection, client: ExecClient) -> bool:
    """Pass on the kubelet's messages to their end; whether the command's Status was among them."""
    ended = False
    with suppress(ConnectionClosed):
        async for message in kubelet:
            data = message.encode() if isinstance(message, str) else message
            ended = ended or data[:1] == bytes([ERROR])
            if data:
                await client.send(data)
    return ended


async def _copy_log(request: PodStream, scope: Scope, send: Send) -> None:
    query = urlencode([(name, value) for name, value in request.query if name != "container"])
    started = False
    try:
        async with get(request.url("containerLogs", query), request.token) as kubelet:
            if kubelet.status >= 400:
                text = b"".join([piece async for piece in kubelet.body()])
                await answer(_passed_on(kubelet.status, text), scope, send)
                return
            headers = [(b"content-type", kubelet.content_type)]
            await send({"type": "http.response.start", "status": kubelet.status, "headers": headers})
            started = True
            async for piece in kubelet.body():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
    except OSError as error:
        if not started:
            await answer(_unreachable(request, error), scope, send)
        else:
            # The answer stays unfinished, so that the server hangs up: a log cut short must not look whole.
            _log.warning("log of %s/%s is cut short: %s", request.namespace, request.pod, error)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _first(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run all until the first has ended, and cancel the others."""
    tasks = {asyncio.create_task(coroutine) for coroutine in coroutines}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
