"""Reading a kubelet's answer as it comes."""

import asyncio
import socket

import pytest

from lab.apiserver.kubelet_log import get


async def ask(answer: bytes, *, url: str = "/containerLogs/n/p/c?tailLines=1") -> tuple[bytes, int, bytes, bytes]:
    """The request that a server got which answers `answer`, and status, content type and body that were read."""
    requests: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with asyncio.timeout(10), await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with get(f"http://127.0.0.1:{port}{url}", "secret") as kubelet:
            body = b"".join([piece async for piece in kubelet.body()])
            return requests[0], kubelet.status, kubelet.content_type, body


def test_the_request_carries_path_query_and_token() -> None:
    request, *_ = asyncio.run(ask(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    lines = request.split(b"\r\n")
    assert lines[0] == b"GET /containerLogs/n/p/c?tailLines=1 HTTP/1.1"
    assert b"Authorization: Bearer secret" in lines


def test_status_type_and_chunks_are_read() -> None:
    head = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/x\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = head + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    assert asyncio.run(ask(answer))[1:] == (404, b"text/x", b"abc")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Len",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    ],
)
def test_an_answer_cut_short_or_not_http_is_a_broken_connection(answer: bytes) -> None:
    with pytest.raises(ConnectionResetError):
        asyncio.run(ask(answer))


def test_a_kubelet_that_is_not_there_is_an_os_error(unused_port: int) -> None:
    async def unreachable() -> None:
        async with get(f"http://127.0.0.1:{unused_port}/", "secret"):
            pass

    with pytest.raises(ConnectionRefusedError):
        asyncio.run(unreachable())


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
