"""The feature store: vectors of users and items in Redis, and the time of their last update."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from lab.workloads.ranker.metrics import RankerMetrics
from lab.workloads.ranker.model import ITEMS, USERS, Vector, feature_vector
from lab.workloads.serving import Logger

UPDATED_AT = "features:updated_at"
WRITER = "features:writer"
READ_SECONDS = 0.25
REFRESH_SECONDS = 1.0
_REFRESHED_AT_A_TIME = 40
_FILL_CHUNK = 200
_WRITE_SECONDS = 2.0


class FeatureStoreError(Exception):
    """The features could not be read in time."""


@dataclass(frozen=True, slots=True)
class Features:
    """What one read gave; None for a user or item that the store does not know."""

    user: Vector | None
    items: list[Vector | None]
    updated_at: float | None  # Unix time of the last refresh that the store has seen


class FeatureStore:
    """Reads for requests and the refreshing of features in the background."""

    def __init__(self, host: str, port: int, metrics: RankerMetrics, logger: Logger) -> None:
        # The time limit is this class's own, over connecting and reading together; a retry would spend it twice.
        self._redis: Redis = Redis(
            host=host, port=port, retry=Retry(NoBackoff(), 0), socket_connect_timeout=READ_SECONDS
        )
        self._metrics = metrics
        self._logger = logger
        self._writer_id = uuid4().hex
        self.filled = False

    async def close(self) -> None:
        await self._redis.aclose()

    async def read(self, user_id: int, item_ids: Sequence[int]) -> Features:
        """The features of a user and some items; FeatureStoreError when Redis fails or takes too long."""
        keys = [UPDATED_AT, _key("user", user_id), *(_key("item", item_id) for item_id in item_ids)]
        began = time.perf_counter()
        try:
            async with asyncio.timeout(READ_SECONDS):
                updated_at, user, *items = await self._redis.mget(keys)
        except TimeoutError as error:
            raise FeatureStoreError(f"the feature store did not answer within {READ_SECONDS:g} s") from error
        except (RedisError, OSError) as error:
            raise FeatureStoreError(f"the feature store failed: {error}") from error
        finally:
            self._metrics.feature_read(time.perf_counter() - began)
        freshness = float(updated_at) if updated_at is not None else None
        if freshness is not None:
            self._metrics.features_updated(freshness)
        return Features(_vector(user), [_vector(item) for item in items], freshness)

    async def keep_fresh(self) -> None:
        """Fill the store if it is empty, then refresh a part of it every second, for ever."""
        position, failing = 0, False
        keys = [("user", number) for number in range(USERS)] + [("item", number) for number in range(ITEMS)]
        while True:
            try:
                async with asyncio.timeout(_WRITE_SECONDS):
                    if not self.filled:
                        await self._fill(keys)
                        self.filled = True
                        self._logger.info("features filled", users=USERS, items=ITEMS)
                    batch = [keys[(position + offset) % len(keys)] for offset in range(_REFRESHED_AT_A_TIME)]
                    if await self._refresh(batch):
                        position = (position + len(batch)) % len(keys)
                failing = False
            except (TimeoutError, RedisError, OSError) as error:
                if not failing:
                    self._logger.warning("cannot write features", reason=str(error) or "timeout")
                failing = True
            await asyncio.sleep(REFRESH_SECONDS)

    async def _fill(self, keys: Sequence[tuple[str, int]]) -> None:
        for start in range(0, len(keys), _FILL_CHUNK):
            async with self._redis.pipeline(transaction=False) as pipeline:
                for kind, number in keys[start : start + _FILL_CHUNK]:
                    pipeline.set(_key(kind, number), _document(kind, number), nx=True)
                await pipeline.execute()

    async def _refresh(self, batch: Sequence[tuple[str, int]]) -> bool:
        """Write a batch anew and note the time; False when another replica is this second's writer."""
        lease = int(REFRESH_SECONDS * 900)
        if not await self._redis.set(WRITER, self._writer_id, nx=True, px=lease):
            return False
        await self._redis.mset(
            {_key(kind, number): _document(kind, number) for kind, number in batch} | {UPDATED_AT: repr(time.time())}
        )
        return True


def _key(kind: str, number: int) -> str:
    return f"features:{kind}:{number}"


def _document(kind: str, number: int) -> str:
    return json.dumps(feature_vector(kind, number), separators=(",", ":"))


def _vector(value: str | bytes | None) -> Vector | None:
    return tuple(json.loads(value)) if value is not None else None
