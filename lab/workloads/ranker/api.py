"""The ranker's routes: KServe's V2 inference protocol."""

import time

from aiohttp import web
from prometheus_client import CollectorRegistry

from lab.workloads.http_metrics import HttpMetrics, instrument, metrics_handler
from lab.workloads.ranker.features import Features, FeatureStore, FeatureStoreError
from lab.workloads.ranker.metrics import RankerMetrics
from lab.workloads.ranker.model import DIMENSIONS, RankingModel
from lab.workloads.ranker.protocol import (
    BadRequestError,
    InferenceRequest,
    infer_response,
    model_metadata,
    parse_request,
)

MODEL, VERSION = "ranker", "1"
LIVE, READY = "/v2/health/live", "/v2/health/ready"
INFER = "/v2/models/{model}/infer"
NO_STORE = "FEATURES_ADDRESS is not set: the ranker has no feature store (is redis-server on PATH?)"
_UNKNOWN = (0.0,) * DIMENSIONS  # a user or item without features scores as the average one


class RankerApi:
    """Scores items for users with features from the store; `store` is None when the lab has none."""

    def __init__(self, model: RankingModel, store: FeatureStore | None, metrics: RankerMetrics) -> None:
        self._model = model
        self._store = store
        self._metrics = metrics

    def application(self, registry: CollectorRegistry) -> web.Application:
        """The routes, counted in `registry`."""
        http = HttpMetrics(registry)
        http.expect(INFER, "POST")
        app = web.Application(middlewares=[instrument(http, exclude=frozenset({LIVE, READY, "/metrics"}))])
        app.add_routes(
            [
                web.get("/v2", self._server),
                web.get(LIVE, self._live),
                web.get(READY, self._ready),
                web.get("/v2/models/{model}", self._metadata),
                web.get("/v2/models/{model}/ready", self._ready),
                web.post(INFER, self._infer),
                web.get("/metrics", metrics_handler(registry, self._metrics.triton_text)),
            ]
        )
        return app

    async def _server(self, _request: web.Request) -> web.Response:
        return web.json_response({"name": "mlchaos-ranker", "version": VERSION, "extensions": []})

    async def _live(self, _request: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def _ready(self, request: web.Request) -> web.Response:
        if request.match_info.get("model", MODEL) != MODEL:
            return _unknown_model(request)
        # Once filled, ready for good: a store that fails later must show as failed requests, not as no replicas.
        if self._store is not None and self._store.filled:
            return web.json_response({"ready": True})
        reason = NO_STORE if self._store is None else "the feature store has not been filled yet"
        return web.json_response({"ready": False, "error": reason}, status=503)

    async def _metadata(self, request: web.Request) -> web.Response:
        if request.match_info["model"] != MODEL:
            return _unknown_model(request)
        return web.json_response(model_metadata(MODEL, VERSION))

    async def _infer(self, request: web.Request) -> web.Response:
        if request.match_info["model"] != MODEL:
            return _unknown_model(request)
        began = time.perf_counter()
        try:
            wanted = parse_request(await request.read())
            scores = self._scores(await self._features(wanted))
        except BadRequestError as error:
            return web.json_response({"error": str(error)}, status=400)
        except FeatureStoreError as error:
            self._metrics.inference_failed()
            return web.json_response({"error": str(error)}, status=503)
        self._metrics.inference_done(time.perf_counter() - began)
        return web.json_response(infer_response(wanted, MODEL, VERSION, scores))

    async def _features(self, wanted: InferenceRequest) -> Features:
        if self._store is None:
            raise FeatureStoreError(NO_STORE)
        return await self._store.read(wanted.user_id, wanted.item_ids)

    def _scores(self, features: Features) -> list[float]:
        self._metrics.unknown_ids([features.user, *features.items].count(None))
        user = features.user or _UNKNOWN
        return [round(self._model.score(user, item or _UNKNOWN), 6) for item in features.items]


def _unknown_model(request: web.Request) -> web.Response:
    message = f"model {request.match_info['model']!r} does not exist; this server has {MODEL!r}"
    return web.json_response({"error": message}, status=404)
