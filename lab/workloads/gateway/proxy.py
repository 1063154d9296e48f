"""Passing a request on to its upstream and the answer back, piece by piece.

A request is tried a second time only when no connection could be made: then nothing was sent, so nothing can happen
twice. After that, whatever goes wrong is counted, and told to the client: with 502 or 504 while no answer has begun, by
breaking the connection afterwards. A stream that ends without its end mark is broken even if the connection ended well.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from lab.workloads.gateway.failures import UpstreamError, UpstreamFailure
from lab.workloads.gateway.metrics import GatewayMetrics
from lab.workloads.gateway.routes import UpstreamTimeouts, handler_label, upstream_of
from lab.workloads.http_metrics import HttpMetrics
from lab.workloads.serving import CLIENT_CLOSED_REQUEST, Logger

EVENT_STREAM = "text/event-stream"
END_OF_STREAM = b"data: [DONE]"
_HOP_BY_HOP = frozenset(
    {
        "connection", "host", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade",
    }
)  # fmt: skip
_CONNECT_ATTEMPTS = 2


class Proxy:
    """The gateway's handler."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        upstreams: Mapping[str, URL],
        timeouts: Mapping[str, UpstreamTimeouts],
        metrics: GatewayMetrics,
        http: HttpMetrics,
        logger: Logger,
    ) -> None:
        self._session = session
        self._upstreams = upstreams
        self._timeouts = timeouts
        self._metrics = metrics
        self._http = http
        self._logger = logger
        for upstream in upstreams:
            metrics.expect(upstream)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer any request, and count it by what the client got."""
        began, status = time.perf_counter(), 500
        try:
            response, status = await self._answer(request, began)
        except web.HTTPException as error:
            status = error.status
            raise
        except (asyncio.CancelledError, ConnectionError):
            status = CLIENT_CLOSED_REQUEST  # upstream failures never come up as these
            raise
        finally:
            self._http.record(handler_label(request.path), request.method, status, time.perf_counter() - began)
        return response

    async def _answer(self, request: web.Request, began: float) -> tuple[web.StreamResponse, int]:
        """The response and the status that it counts as: not its own one when it broke off after its beginning."""
        upstream = upstream_of(request.path)
        if upstream is None:
            return web.json_response({"error": f"no route for {request.path}"}, status=404), 404
        body = await request.read()
        try:
            with self._metrics.in_flight.labels(upstream).track_inprogress():
                async with self._upstream_response(upstream, request, body) as answer:
                    response = await self._relay(upstream, request, answer, began)
        except UpstreamError as error:
            self._metrics.failed(upstream, error.reason)
            self._logger.warning(
                "upstream failed", upstream=upstream, reason=error.reason.value, path=request.path, detail=str(error)
            )
            if error.begun is None:
                error.begun = web.json_response({"error": f"{upstream}: {error}"}, status=error.reason.status)
            elif request.transport is not None:
                # The status line said 200 and cannot be taken back; a cut connection is the only honest end.
                request.transport.abort()
            return error.begun, error.reason.status
        if response.status >= 500:
            self._metrics.failed(upstream, UpstreamFailure.STATUS)
        return response, response.status

    @asynccontextmanager
    async def _upstream_response(
        self, upstream: str, request: web.Request, body: bytes
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send the request and wait for the head of the answer."""
        url = self._upstreams[upstream].join(request.rel_url)
        timeouts = self._timeouts[upstream]
        # Reading time-outs are this module's own, so that waiting for the client never counts against the upstream.
        limit = aiohttp.ClientTimeout(total=None, sock_connect=timeouts.connect)
        for attempt in range(1, _CONNECT_ATTEMPTS + 1):
            sending = self._session.request(
                request.method,
                url,
                data=body or None,
                headers=_forwarded(request.headers),
                timeout=limit,
                allow_redirects=False,
            )
            try:
                async with asyncio.timeout(timeouts.connect + timeouts.first_byte):
                    answer = await sending
                break
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                if attempt == _CONNECT_ATTEMPTS:
                    raise UpstreamError(UpstreamFailure.CONNECT, _text(error)) from error
                self._metrics.retried(upstream)
            except TimeoutError as error:
                detail = f"no answer within {timeouts.first_byte:g} s"
                raise UpstreamError(UpstreamFailure.TIMEOUT, detail) from error
            except (aiohttp.ClientError, ConnectionError) as error:
                raise UpstreamError(UpstreamFailure.RESET, _text(error)) from error
        async with answer:
            yield answer

    async def _relay(
        self, upstream: str, request: web.Request, answer: aiohttp.ClientResponse, began: float
    ) -> web.StreamResponse:
        """Send the answer on as it comes."""
        timeouts = self._timeouts[upstream]
        streamed = answer.content_type == EVENT_STREAM
        response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=_forwarded(answer.headers))
        # The head goes out with the first piece: until then the client can still be given an honest status.
        piece = await _next_piece(answer, timeouts.first_byte, None)
        if streamed and piece:
            self._metrics.first_token(handler_label(request.path), time.perf_counter() - began)
        await response.prepare(request)
        tail = b""
        while piece:
            tail = (tail + piece)[-64:]
            await response.write(piece)
            piece = await _next_piece(answer, timeouts.stall, response)
        if streamed and answer.status == 200 and not tail.rstrip().endswith(END_OF_STREAM):
            raise UpstreamError(UpstreamFailure.BROKEN_STREAM, "the stream has no end mark", response)
        await response.write_eof()
        return response


async def _next_piece(answer: aiohttp.ClientResponse, seconds: float, begun: web.StreamResponse | None) -> bytes:
    """The next bytes of the answer, empty at its end; `begun` is what the client has been sent of it so far."""
    try:
        async with asyncio.timeout(seconds):
            return await answer.content.readany()
    except TimeoutError as error:
        reason = UpstreamFailure.STALLED_STREAM if begun is not None else UpstreamFailure.TIMEOUT
        raise UpstreamError(reason, f"nothing came for {seconds:g} s", begun) from error
    except (aiohttp.ClientError, ConnectionError) as error:
        reason = UpstreamFailure.BROKEN_STREAM if begun is not None else UpstreamFailure.RESET
        raise UpstreamError(reason, _text(error), begun) from error


def _forwarded(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """The headers without those that concern one connection only."""
    dropped = _HOP_BY_HOP | {name.strip().lower() for name in headers.get(hdrs.CONNECTION, "").split(",")}
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)


def _text(error: BaseException) -> str:
    return str(error) or type(error).__name__
