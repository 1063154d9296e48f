"""Counting HTTP requests the way the ecosystem does, and handing the numbers to Prometheus."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from lab.workloads.buckets import HTTP_REQUEST
from lab.workloads.serving import CLIENT_CLOSED_REQUEST, client_left

UNMATCHED = "none"  # the handler label of requests that no route took


def new_registry() -> CollectorRegistry:
    """A registry with this process's own figures (memory, CPU, open files) and no `_created` series."""
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry


def metrics_handler(
    registry: CollectorRegistry, extra: Callable[[], str] | None = None
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Handler of GET /metrics; `extra` gives exposition text that prometheus_client cannot express."""

    async def metrics(_request: web.Request) -> web.Response:
        body = generate_latest(registry)
        if extra is not None:
            body += extra().encode()
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: CONTENT_TYPE_PLAIN_0_0_4})

    return metrics


def status_group(status: int) -> str:
    """HTTP status as its class: 204 -> "2xx"."""
    return f"{status // 100}xx"


class HttpMetrics:
    """http_requests_total{handler,method,status} and http_request_duration_seconds{handler,method}.

    Names, labels and grouped statuses are those of prometheus-fastapi-instrumentator, which vLLM uses.
    """

    def __init__(self, registry: CollectorRegistry, buckets: Iterable[float] = HTTP_REQUEST) -> None:
        self._requests = Counter(
            "http_requests_total",
            "Requests by method, status and handler.",
            ["handler", "method", "status"],
            registry=registry,
        )
        self._duration = Histogram(
            "http_request_duration_seconds",
            "Time from a request's first byte to its answer's last.",
            ["handler", "method"],
            buckets=tuple(buckets),
            registry=registry,
        )

    def expect(self, handler: str, method: str) -> None:
        """Start the series of a handler at 0, so that its first failure is an increase and not a birth."""
        for group in ("2xx", "4xx", "5xx"):
            self._requests.labels(handler, method, group)
        self._duration.labels(handler, method)

    def record(self, handler: str, method: str, status: int, seconds: float) -> None:
        """Count one request that has ended."""
        self._requests.labels(handler, method, status_group(status)).inc()
        self._duration.labels(handler, method).observe(seconds)


def instrument(metrics: HttpMetrics, *, exclude: frozenset[str]) -> Middleware:
    """Middleware that counts every request except those to the paths in `exclude`."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        label = resource.canonical if resource is not None else UNMATCHED
        if label in exclude:
            return await handler(request)
        began, status = time.perf_counter(), 500
        try:
            response = await handler(request)
            status = response.status
        except web.HTTPException as error:
            status = error.status
            raise
        except asyncio.CancelledError:
            status = CLIENT_CLOSED_REQUEST
            raise
        except ConnectionError:
            if client_left(request):
                status = CLIENT_CLOSED_REQUEST
            raise
        finally:
            metrics.record(label, request.method, status, time.perf_counter() - began)
        return response

    return middleware
