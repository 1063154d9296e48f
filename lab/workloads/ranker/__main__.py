"""The ranker: `python -m lab.workloads.ranker`, on $POD_IP:8080, with features in Redis at $FEATURES_ADDRESS."""

from lab.workloads.http_metrics import new_registry
from lab.workloads.ranker.api import MODEL, NO_STORE, VERSION, RankerApi
from lab.workloads.ranker.features import FeatureStore
from lab.workloads.ranker.metrics import RankerMetrics
from lab.workloads.ranker.model import TRAINING_CLICKS, drawn_clicks, log_loss, train
from lab.workloads.serving import Listener, Logger, listening, run_program, until_stopped
from lab.workloads.settings import SettingError, Settings

PORT = 8080
DRAIN_SECONDS = 0.8
SEED = 7


def features_address(settings: Settings) -> tuple[str, int] | None:
    """Host and port of Redis; None when the lab has no Redis."""
    address = settings.optional("FEATURES_ADDRESS")
    if address is None:
        return None
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise SettingError(f"FEATURES_ADDRESS must be host:port, not {address!r}")
    return host, int(port)


async def program(settings: Settings, logger: Logger) -> None:
    host = settings.text("POD_IP")
    address = features_address(settings)
    registry = new_registry()
    metrics = RankerMetrics(registry, MODEL, VERSION)
    clicks = drawn_clicks(SEED, TRAINING_CLICKS)
    model = train(clicks)
    logger.info("model trained", clicks=len(clicks), log_loss=round(log_loss(model, clicks), 4))
    store = FeatureStore(*address, metrics, logger) if address is not None else None
    if store is None:
        logger.warning("not ready", reason=NO_STORE)
    application = RankerApi(model, store, metrics).application(registry)
    try:
        async with listening([Listener(application, host, PORT)], drain_seconds=DRAIN_SECONDS):
            logger.info("serving", address=f"{host}:{PORT}", features=settings.optional("FEATURES_ADDRESS"))
            await until_stopped(*([store.keep_fresh()] if store is not None else []))
    finally:
        if store is not None:
            await store.close()


if __name__ == "__main__":
    run_program("ranker", program)
