"""The load generator: `python -m lab.workloads.loadgen`, an open-loop client of Service gateway over TLS.

Environment: LOADGEN_CHAT_PER_SECOND, LOADGEN_INFER_PER_SECOND, LOADGEN_CHAT_DEADLINE_SECONDS,
LOADGEN_INFER_DEADLINE_SECONDS, LOADGEN_CONNECTION_SECONDS, LOADGEN_PATIENCE_SECONDS, LOADGEN_SEED, GATEWAY_SERVER_NAME.
The authority that must have signed the gateway's certificate is ca.crt in the volume mounted at /etc/ca. Metrics on
$POD_IP:9464.
"""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from functools import partial
from random import Random
from typing import Any

from aiohttp import web
from yarl import URL

from lab.workloads.http_metrics import metrics_handler, new_registry
from lab.workloads.llm import MODEL_NAME
from lab.workloads.llm.model import corpus_paragraphs
from lab.workloads.loadgen.connections import Connections
from lab.workloads.loadgen.metrics import LoadMetrics
from lab.workloads.loadgen.traffic import arrivals, chat_requests, inference_requests
from lab.workloads.loadgen.users import Users
from lab.workloads.serving import Listener, Logger, listening, run_program, until_stopped
from lab.workloads.settings import SettingError, Settings

METRICS_PORT = 9464
DRAIN_SECONDS = 0.4

Flow = Callable[[], Coroutine[Any, Any, None]]


def trust(settings: Settings) -> ssl.SSLContext:
    """A TLS context that trusts the lab's authority and nobody else."""
    authority = settings.mount("/etc/ca") / "ca.crt"
    try:
        return ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError) as error:
        raise SettingError(f"no usable authority in {authority}: {error}") from error


def traffic(settings: Settings, users: Users) -> list[Flow]:
    """What starts each flow of requests; a rate of 0 leaves a target alone."""
    seed = settings.count("LOADGEN_SEED", 1)
    chat_rate = settings.number("LOADGEN_CHAT_PER_SECOND", 8.0)
    infer_rate = settings.number("LOADGEN_INFER_PER_SECOND", 8.0)
    chat_deadline = settings.number("LOADGEN_CHAT_DEADLINE_SECONDS", 8.0)
    infer_deadline = settings.number("LOADGEN_INFER_DEADLINE_SECONDS", 3.0)
    model = settings.text("LLM_MODEL_NAME", MODEL_NAME)

    def rng(stream: str) -> Random:
        return Random(f"{seed}:{stream}")  # noqa: S311 - the same seed must give the same traffic

    flows: list[Flow] = []
    if chat_rate > 0:
        bodies = chat_requests(rng("chat"), corpus_paragraphs(), model)
        flows.append(partial(users.chat, arrivals(rng("chat arrivals"), chat_rate), bodies, chat_deadline))
    if infer_rate > 0:
        bodies = inference_requests(rng("infer"))
        flows.append(partial(users.infer, arrivals(rng("infer arrivals"), infer_rate), bodies, infer_deadline))
    return flows


async def send(settings: Settings, users: Users, logger: Logger) -> None:
    """Send all traffic, for ever, from the moment at which the gateway is open."""
    flows = traffic(settings, users)
    opened = await users.wait_for_opening(settings.number("LOADGEN_PATIENCE_SECONDS", 30.0))
    logger.info("sending", gateway_open=opened)
    async with asyncio.TaskGroup() as group:
        for flow in flows:
            group.create_task(flow())


async def healthz(_request: web.Request) -> web.Response:
    """Says that the generator runs; how its users fare is in the metrics."""
    return web.Response(text="ok\n")


async def program(settings: Settings, logger: Logger) -> None:
    host = settings.text("POD_IP")
    base_url = URL(settings.service_url("gateway", scheme="https"))
    registry = new_registry()
    metrics = LoadMetrics(registry)
    lifetime = settings.number("LOADGEN_CONNECTION_SECONDS", 2.0, minimum=0.1)
    connections = Connections(base_url, trust(settings), lifetime)
    users = Users(connections, settings.text("GATEWAY_SERVER_NAME", "gateway.ml-serving.svc"), metrics)
    app = web.Application()
    app.add_routes([web.get("/metrics", metrics_handler(registry)), web.get("/healthz", healthz)])
    try:
        async with listening([Listener(app, host, METRICS_PORT)], drain_seconds=DRAIN_SECONDS):
            logger.info("serving", gateway=str(base_url), metrics=f"{host}:{METRICS_PORT}")
            await until_stopped(connections.replace_regularly(), send(settings, users, logger))
    finally:
        await connections.close()


if __name__ == "__main__":
    run_program("loadgen", program)
