"""The gateway as a process: TLS, streaming, and what it says and counts when an upstream fails."""

import asyncio
import os
import signal
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from lab.certificates import CertificateAuthority, issue_ca
from tests.lab.workloads import programs
from tests.lab.workloads.programs import Program
from tests.waiting import wait_for

pytestmark = pytest.mark.lab

CHAT = "/v1/chat/completions"
LONG = {
    "messages": [{"role": "user", "content": "Why?"}],
    "max_tokens": 900,
    "ignore_eos": True,
    "stream": True,
}
SHORT = {**LONG, "max_tokens": 8}


@pytest.fixture(scope="module")
def authority() -> CertificateAuthority:
    return issue_ca("test")


@pytest.fixture
def tls(tmp_path: Path, authority: CertificateAuthority) -> Path:
    programs.write_certificate(tmp_path, authority)
    return tmp_path


@asynccontextmanager
async def client(gateway: Program, tls: Path) -> Any:
    context = ssl.create_default_context(cafile=tls / "ca.crt")
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(f"https://{gateway.ip}:8443", connector=connector) as session:
        yield session


def post(session: aiohttp.ClientSession, body: object, path: str = CHAT) -> Any:
    return session.post(path, json=body, server_hostname=programs.SERVER_NAME)


def trusted(gateway: Program, tls: Path) -> bool:
    """Whether a new connection accepts the gateway's certificate."""
    context = ssl.create_default_context(cafile=tls / "ca.crt")
    try:
        with (
            socket.create_connection((gateway.ip, 8443), timeout=30) as plain,
            context.wrap_socket(plain, server_hostname=programs.SERVER_NAME),
        ):
            return True
    except ssl.SSLCertVerificationError as error:
        if "expired" not in str(error):
            raise
        return False


def counted(gateway: Program, status: str, handler: str = CHAT) -> float:
    return gateway.metrics(9464).get("http_requests_total", handler=handler, method="POST", status=status)


def failures(gateway: Program, reason: str, upstream: str = "llm") -> float:
    return gateway.metrics(9464).get("gateway_upstream_failures_total", upstream=upstream, reason=reason)


def test_a_stream_comes_through_token_by_token(lab_octet: int, tls: Path) -> None:
    server, front = (programs.pod_ip(lab_octet, number) for number in (1, 2))
    with programs.llm(server, tls), programs.gateway(front, tls, f"http://{server}:8000") as gateway:

        async def main() -> list[bytes]:
            async with client(gateway, tls) as session, post(session, SHORT) as response:
                assert response.status == 200
                return [piece async for piece in response.content.iter_any()]

        pieces = asyncio.run(main())
        assert len(pieces) > 1
        assert b"".join(pieces).endswith(b"data: [DONE]\n\n")
        assert counted(gateway, "2xx") == 1
        assert gateway.metrics(9464).get("gateway_time_to_first_token_seconds_count", handler=CHAT) == 1


def test_a_model_server_killed_in_mid_stream_is_an_error_for_the_client_and_the_metrics(
    lab_octet: int, tls: Path
) -> None:
    server, front = (programs.pod_ip(lab_octet, number) for number in (1, 2))
    with programs.llm(server, tls) as llm, programs.gateway(front, tls, f"http://{server}:8000") as gateway:

        async def main() -> None:
            async with client(gateway, tls) as session:
                async with post(session, LONG) as response:
                    assert response.status == 200
                    await response.content.readany()
                    llm.end(signal.SIGKILL)
                    with pytest.raises(aiohttp.ClientError):
                        await response.content.read()
                # Nobody listens there now: one more try, then an honest answer.
                async with post(session, SHORT) as response:
                    assert response.status == 502
                    assert "llm: Cannot connect" in (await response.json())["error"]

        asyncio.run(main())
        assert (counted(gateway, "2xx"), counted(gateway, "5xx")) == (0, 2)
        assert (failures(gateway, "broken_stream"), failures(gateway, "connect")) == (1, 1)
        assert gateway.metrics(9464).get("gateway_upstream_retries_total", upstream="llm") == 1
        assert "Traceback" not in gateway.logs()


def test_a_frozen_engine_becomes_an_error_after_the_time_limit(lab_octet: int, tls: Path) -> None:
    server, front = (programs.pod_ip(lab_octet, number) for number in (1, 2))
    limits = {"GATEWAY_LLM_FIRST_BYTE_SECONDS": "0.5", "GATEWAY_LLM_STALL_SECONDS": "0.5"}
    with programs.llm(server, tls) as llm, programs.gateway(front, tls, f"http://{server}:8000", limits) as gateway:

        async def main() -> None:
            async with client(gateway, tls) as session:
                async with post(session, LONG) as response:
                    await response.content.readany()
                    os.kill(llm.child(), signal.SIGSTOP)
                    with pytest.raises(aiohttp.ClientError):
                        await response.content.read()
                async with post(session, SHORT) as response:
                    assert response.status == 504

        asyncio.run(main())
        assert counted(gateway, "5xx") == 2
        assert (failures(gateway, "stalled_stream"), failures(gateway, "timeout")) == (1, 1)


def test_a_new_certificate_is_used_soon_and_open_streams_go_on(
    lab_octet: int, tls: Path, authority: CertificateAuthority
) -> None:
    server, front = (programs.pod_ip(lab_octet, number) for number in (1, 2))
    with programs.llm(server, tls), programs.gateway(front, tls, f"http://{server}:8000") as gateway:

        async def main() -> None:
            async with client(gateway, tls) as session, post(session, LONG) as response:
                await response.content.readany()
                past = datetime.now(UTC) - timedelta(minutes=1)
                programs.write_certificate(tls, authority, past - timedelta(days=1), past)

                await asyncio.to_thread(wait_for, lambda: not trusted(gateway, tls))
                assert (await response.content.read()).endswith(b"data: [DONE]\n\n")
                not_after = gateway.metrics(9464).get("gateway_certificate_not_after_timestamp_seconds")
                assert not_after == int(past.timestamp())
                programs.write_certificate(tls, authority)
                await asyncio.to_thread(wait_for, lambda: trusted(gateway, tls))

        asyncio.run(main())


def with_upstream(
    octet: int, tls: Path, handler: Callable[[web.Request], Awaitable[web.StreamResponse]], work: Any
) -> None:
    """Run `work(gateway, session)` against a gateway whose model server is `handler`."""
    server, front = (programs.pod_ip(octet, number) for number in (1, 2))

    async def main() -> None:
        app = web.Application()
        app.router.add_post("/{path:.*}", handler)  # and 405 for the gateway's own look at /health
        runner = web.AppRunner(app, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, server, 8000).start()
        try:
            async with client(gateway, tls) as session:
                await work(gateway, session)
        finally:
            await runner.cleanup()

    with programs.gateway(front, tls, f"http://{server}:8000") as gateway:
        asyncio.run(main())


def test_a_stream_without_its_end_mark_is_broken_even_if_it_ends_well(lab_octet: int, tls: Path) -> None:
    async def upstream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b'data: {"choices": []}\n\n')
        await response.write_eof()
        return response

    async def work(gateway: Program, session: aiohttp.ClientSession) -> None:
        async with post(session, LONG) as response:
            with pytest.raises(aiohttp.ClientError):
                await response.content.read()
        assert await asyncio.to_thread(failures, gateway, "broken_stream") == 1
        assert await asyncio.to_thread(counted, gateway, "5xx") == 1

    with_upstream(lab_octet, tls, upstream, work)


def test_nothing_is_sent_twice_after_a_connection_was_made(lab_octet: int, tls: Path) -> None:
    calls = 0

    async def upstream(request: web.Request) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def work(gateway: Program, session: aiohttp.ClientSession) -> None:
        async with post(session, LONG) as response:
            assert response.status == 502
        assert calls == 1
        assert await asyncio.to_thread(failures, gateway, "reset") == 1

    with_upstream(lab_octet, tls, upstream, work)


def test_an_upstreams_own_answers_come_through_unchanged(lab_octet: int, tls: Path) -> None:
    async def upstream(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        return web.json_response({"seen": request.path_qs}, status=body["status"], headers={"X-Kept": "yes"})

    async def work(gateway: Program, session: aiohttp.ClientSession) -> None:
        for status in (201, 404, 503):
            async with post(session, {"status": status}, f"{CHAT}?a=b%20c") as response:
                assert (response.status, response.headers["X-Kept"]) == (status, "yes")
                assert await response.json() == {"seen": f"{CHAT}?a=b%20c"}
        async with post(session, {}, "/elsewhere") as response:
            assert response.status == 404
        found = [await asyncio.to_thread(counted, gateway, status) for status in ("2xx", "4xx", "5xx")]
        assert found == [1, 1, 1]
        assert await asyncio.to_thread(failures, gateway, "5xx") == 1
        assert await asyncio.to_thread(counted, gateway, "4xx", "none") == 1

    with_upstream(lab_octet, tls, upstream, work)


def test_a_client_that_leaves_ends_the_upstream_request_and_is_no_server_error(lab_octet: int, tls: Path) -> None:
    ended = asyncio.Event()

    async def upstream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: {}\n\n")
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return response

    async def work(gateway: Program, session: aiohttp.ClientSession) -> None:
        async with post(session, LONG) as response:
            await response.content.readany()
            response.close()
        async with asyncio.timeout(5):
            await ended.wait()
        await asyncio.to_thread(wait_for, lambda: counted(gateway, "4xx") == 1)
        assert await asyncio.to_thread(counted, gateway, "5xx") == 0
        assert "Traceback" not in gateway.logs()

    with_upstream(lab_octet, tls, upstream, work)


def readiness(gateway: Program, tls: Path) -> tuple[int, str]:
    async def main() -> tuple[int, str]:
        async with (
            client(gateway, tls) as session,
            session.get("/readyz", server_hostname=programs.SERVER_NAME) as response,
        ):
            return response.status, await response.text()

    return asyncio.run(main())


def test_the_gateway_opens_when_its_upstreams_have_answered_and_not_for_ever_later(lab_octet: int, tls: Path) -> None:
    server, front = (programs.pod_ip(lab_octet, number) for number in (1, 2))
    patience = {"GATEWAY_PATIENCE_SECONDS": "600", "RANKER_URL": f"http://{server}:8080"}
    with programs.gateway(front, tls, f"http://{server}:8000", patience) as gateway:
        assert readiness(gateway, tls) == (503, "waiting for llm, ranker\n")
        with programs.llm(server, tls):
            wait_for(lambda: readiness(gateway, tls)[1] == "waiting for ranker\n")
        assert readiness(gateway, tls)[1] == "waiting for ranker\n"  # an answer given counts for good
    patience = {"GATEWAY_PATIENCE_SECONDS": "0.2"}
    with programs.gateway(front, tls, f"http://{server}:8000", patience) as gateway:
        wait_for(lambda: readiness(gateway, tls) == (200, "ok\n"))


def test_without_a_certificate_the_gateway_says_where_it_looked(tmp_path: Path) -> None:
    environment = {"MOUNT_ETC_TLS": str(tmp_path), "LLM_URL": "http://x", "RANKER_URL": "http://y"}
    with programs.program("gateway", "127.0.0.1", tmp_path, **environment) as gateway:
        assert gateway.process.wait(timeout=programs.START_SECONDS) == 2
        assert str(tmp_path) in gateway.logs()
        assert "no usable certificate" in gateway.logs()


def test_sigterm_ends_the_gateway_even_with_a_hung_upstream(lab_octet: int, tls: Path) -> None:
    server, front = (programs.pod_ip(lab_octet, number) for number in (1, 2))
    with programs.llm(server, tls) as llm, programs.gateway(front, tls, f"http://{server}:8000") as gateway:

        async def main() -> None:
            async with client(gateway, tls) as session, post(session, LONG) as response:
                await response.content.readany()
                os.kill(llm.child(), signal.SIGSTOP)
                await asyncio.to_thread(gateway.end)

        asyncio.run(main())
        assert gateway.process.returncode == 0, gateway.logs()
