"""pods/log and pods/exec up to the point where the kubelet is asked."""

import asyncio
import json
from typing import Any

import pytest

from lab.apiserver.protocol import SPDY_EXTENSION, Message, Scope
from lab.apiserver.streams import PodStream, not_served, serve_exec, serve_log

WEBSOCKET: Scope = {"type": "websocket", "subprotocols": ["v5.channel.k8s.io"]}
SPDY_SCOPE: Scope = {
    "type": "http",
    "headers": [(b"x-stream-protocol-version", b"v4.channel.k8s.io")],
    "extensions": {SPDY_EXTENSION: {"accept": None}},
}


def stream(*query: tuple[str, str], container: str | None = "c", port: int = 9) -> PodStream:
    # Port 9 of loopback: nothing listens there, a connection is refused at once.
    return PodStream("ns", "p", container, f"http://127.0.0.1:{port}", "secret", list(query))


class Conversation:
    """The receive and send of one ASGI connection; the client stays until the end."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def answer(self, kind: str) -> tuple[int, dict[str, Any]]:
        start, body = self.sent
        assert (start["type"], body["type"]) == (f"{kind}.start", f"{kind}.body")
        assert dict(start["headers"])[b"content-length"] == str(len(body["body"])).encode()
        return start["status"], json.loads(body["body"])


def exec_refusal(scope: Scope, request: PodStream) -> tuple[int, dict[str, Any]]:
    conversation = Conversation()
    asyncio.run(asyncio.wait_for(serve_exec(request, scope, conversation.receive, conversation.send), 10))
    return conversation.answer("websocket.http.response" if scope["type"] == "websocket" else "http.response")


RUN = (("command", "true"), ("stdout", "true"))


def test_names_are_quoted_in_the_kubelets_url() -> None:
    assert stream(container="a/b").url("exec", "command=x") == "http://127.0.0.1:9/exec/ns/p/a%2Fb?command=x"


def test_without_a_container_the_kubelet_is_left_to_choose() -> None:
    assert stream(container=None).url("containerLogs", "") == "http://127.0.0.1:9/containerLogs/ns/p"


@pytest.mark.parametrize("scope", [WEBSOCKET, SPDY_SCOPE])
def test_a_kubelet_out_of_reach_is_said_in_plain_http(scope: Scope) -> None:
    code, status = exec_refusal(scope, stream(*RUN))
    assert (code, status["kind"], status["reason"]) == (500, "Status", "InternalError")
    assert "kubelet at http://127.0.0.1:9" in status["message"]


@pytest.mark.parametrize("scope", [WEBSOCKET, SPDY_SCOPE])
def test_an_exec_of_nothing_is_refused(scope: Scope) -> None:
    assert exec_refusal(scope, stream(("stdout", "true")))[0] == 400


@pytest.mark.parametrize(
    ("scope", "what"),
    [
        ({"type": "websocket", "subprotocols": ["base64.channel.k8s.io"]}, "base64.channel.k8s.io"),
        ({"type": "websocket", "subprotocols": []}, "none"),
        ({**SPDY_SCOPE, "headers": [(b"x-stream-protocol-version", b"v3.channel.k8s.io, channel.k8s.io")]}, "v3"),
        ({"type": "http", "headers": []}, "ask for an upgrade"),
    ],
)
def test_a_client_without_a_protocol_of_ours_is_told_which_there_are(scope: Scope, what: str) -> None:
    code, status = exec_refusal(scope, stream(*RUN))
    assert (code, status["reason"]) == (400, "BadRequest")
    assert what in status["message"]


def test_a_log_from_a_kubelet_out_of_reach_is_an_internal_error() -> None:
    conversation = Conversation()
    asyncio.run(asyncio.wait_for(serve_log(stream(), {"type": "http"}, conversation.receive, conversation.send), 10))
    code, status = conversation.answer("http.response")
    assert (code, status["reason"]) == (500, "InternalError")


@pytest.mark.parametrize(
    ("line", "text", "reason"),
    [
        ("400 Bad Request", 'previous terminated container "c" in pod "p" not found', "BadRequest"),
        ("404 Not Found", 'pod "ns/p" is not on this node', "NotFound"),
        ("500 Internal Server Error", "a mistake", "InternalError"),
    ],
)
def test_a_kubelets_refusal_of_a_log_is_a_status(line: str, text: str, reason: str) -> None:
    async def kubelet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {line}\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
        await writer.drain()
        writer.close()

    async def ask() -> tuple[int, dict[str, Any]]:
        conversation = Conversation()
        async with asyncio.timeout(10), await asyncio.start_server(kubelet, "127.0.0.1", 0) as server:
            log = stream(port=server.sockets[0].getsockname()[1])
            await serve_log(log, {"type": "http"}, conversation.receive, conversation.send)
        return conversation.answer("http.response")

    code, status = asyncio.run(ask())
    assert (code, status["kind"], status["status"]) == (int(line[:3]), "Status", "Failure")
    assert (status["code"], status["reason"], status["message"]) == (code, reason, text)


def test_streams_that_the_lab_lacks_are_named() -> None:
    refusal = not_served("portforward")
    assert (refusal.code, refusal.message) == (501, "the lab does not serve pods/portforward")
