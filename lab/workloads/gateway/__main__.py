"""The gateway: `python -m lab.workloads.gateway`. TLS on $POD_IP:8443, metrics on $POD_IP:9464.

/v1/* goes to the model servers (LLM_URL, else Service llm), /v2/* to the ranker (Service ranker). The certificate is
read from the volume mounted at /etc/tls. GATEWAY_CONNECT_SECONDS, GATEWAY_LLM_FIRST_BYTE_SECONDS,
GATEWAY_LLM_STALL_SECONDS and GATEWAY_RANKER_SECONDS set the time-outs, GATEWAY_PATIENCE_SECONDS how long /readyz waits
for upstreams that have never answered.
"""

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from lab.workloads.gateway.first_answers import FirstAnswers
from lab.workloads.gateway.metrics import GatewayMetrics
from lab.workloads.gateway.proxy import Proxy
from lab.workloads.gateway.routes import LLM, RANKER, UpstreamTimeouts
from lab.workloads.http_metrics import HttpMetrics, metrics_handler, new_registry
from lab.workloads.server_certificate import CertificateMetrics, ServerCertificate
from lab.workloads.serving import Listener, Logger, listening, run_program, until_stopped
from lab.workloads.settings import Settings

PORT, METRICS_PORT = 8443, 9464
DRAIN_SECONDS = 1.2  # the pod's grace period is 2 s, on a machine that may be busy
MAX_BODY_BYTES = 1 << 20


def upstreams(settings: Settings) -> dict[str, URL]:
    """Base URL of each upstream."""
    return {
        LLM: URL(settings.optional("LLM_URL") or settings.service_url("llm")),
        RANKER: URL(settings.optional("RANKER_URL") or settings.service_url("ranker")),
    }


def timeouts(settings: Settings) -> dict[str, UpstreamTimeouts]:
    """Time-outs of each upstream: a slow model may be slow, a hung one must become an error."""
    connect = settings.number("GATEWAY_CONNECT_SECONDS", 0.5)
    ranker = settings.number("GATEWAY_RANKER_SECONDS", 1.0)
    return {
        LLM: UpstreamTimeouts(
            connect=connect,
            first_byte=settings.number("GATEWAY_LLM_FIRST_BYTE_SECONDS", 5.0),
            stall=settings.number("GATEWAY_LLM_STALL_SECONDS", 3.0),
        ),
        RANKER: UpstreamTimeouts(connect=connect, first_byte=ranker, stall=ranker),
    }


async def healthz(_request: web.Request) -> web.Response:
    """Says that the gateway answers; its upstreams have probes of their own."""
    return web.Response(text="ok\n")


def readyz(first_answers: FirstAnswers) -> Handler:
    """Says whether the gateway is open: see FirstAnswers."""

    async def handle(_request: web.Request) -> web.Response:
        if first_answers.awaited:
            return web.Response(text=f"waiting for {', '.join(sorted(first_answers.awaited))}\n", status=503)
        return web.Response(text="ok\n")

    return handle


async def program(settings: Settings, logger: Logger) -> None:
    host = settings.text("POD_IP")
    bases, limits = upstreams(settings), timeouts(settings)
    registry = new_registry()
    metrics, http = GatewayMetrics(registry), HttpMetrics(registry)
    for handler in ("/v1/chat/completions", "/v1/completions", "/v2/models/{model}/infer"):
        http.expect(handler, "POST")
    certificate = ServerCertificate(settings.mount("/etc/tls"), CertificateMetrics("gateway", registry), logger)
    certificate.load_first()
    # One connection for each request: a Service balances connections, not requests.
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(
        connector=connector,
        auto_decompress=False,
        skip_auto_headers=["User-Agent", "Accept", "Accept-Encoding", "Content-Type"],
    ) as session:
        proxy = Proxy(session, bases, limits, metrics, http, logger)
        public = web.Application(client_max_size=MAX_BODY_BYTES)
        first_answers = FirstAnswers(bases, settings.number("GATEWAY_PATIENCE_SECONDS", 10.0), logger)
        public.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz(first_answers))])
        public.router.add_route("*", "/{path:.*}", proxy.handle)
        private = web.Application()
        private.add_routes([web.get("/metrics", metrics_handler(registry)), web.get("/healthz", healthz)])
        listeners = [Listener(public, host, PORT, certificate.context), Listener(private, host, METRICS_PORT)]
        async with listening(listeners, drain_seconds=DRAIN_SECONDS):
            logger.info(
                "serving",
                address=f"{host}:{PORT}",
                **{name: str(url) for name, url in bases.items()},
            )
            await until_stopped(certificate.follow(), first_answers.wait(session))
            logger.info("draining")


if __name__ == "__main__":
    run_program("gateway", program)
