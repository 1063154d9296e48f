"""Opening for business: the gateway is ready once every upstream has answered once.

Users who come while the model servers are still starting would only meet errors, and those would count. After the
first answers the gateway stays ready, whatever becomes of the upstreams: then an error is the honest answer. An
upstream that is not there at all is waited for only so long.
"""

import asyncio
import time
from collections.abc import Mapping

import aiohttp
from yarl import URL

from lab.workloads.gateway.routes import LLM, RANKER
from lab.workloads.serving import Logger

HEALTH_PATHS = {LLM: "/health", RANKER: "/v2/health/ready"}
POLL_SECONDS = 0.25
_ANSWER_SECONDS = 1.0


class FirstAnswers:
    """Which upstreams the gateway is still waiting for."""

    def __init__(self, upstreams: Mapping[str, URL], patience_seconds: float, logger: Logger) -> None:
        self._upstreams = upstreams
        self._patience_seconds = patience_seconds
        self._logger = logger
        self.awaited = set(upstreams)

    async def wait(self, session: aiohttp.ClientSession) -> None:
        """Ask every upstream until it has answered, or patience ends."""
        await asyncio.gather(*(self._wait_for(name, session) for name in self._upstreams))

    async def _wait_for(self, name: str, session: aiohttp.ClientSession) -> None:
        deadline = time.monotonic() + self._patience_seconds
        while not await _answers(session, self._upstreams[name].with_path(HEALTH_PATHS[name])):
            if time.monotonic() > deadline:
                self._logger.warning("opening without an upstream", upstream=name, waited=self._patience_seconds)
                break
            await asyncio.sleep(POLL_SECONDS)
        self.awaited.discard(name)


async def _answers(session: aiohttp.ClientSession, url: URL) -> bool:
    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=_ANSWER_SECONDS)) as response:
            return response.status == 200
    except (aiohttp.ClientError, OSError):  # TimeoutError is an OSError
        return False
