"""Connections to the gateway that do not live for ever.

A client that keeps its connections for hours never sees a new certificate or a new replica. Users come and go, so the
pool is replaced every few seconds; requests that are under way finish on the connections that they began on.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from yarl import URL


@dataclass(slots=True)
class _Pool:
    session: aiohttp.ClientSession
    users: int = 0
    retired: bool = False


class Connections:
    """Sessions of a gateway at `base_url`."""

    def __init__(self, base_url: URL, context: ssl.SSLContext, lifetime_seconds: float) -> None:
        self._base_url = base_url
        self._context = context
        self._lifetime_seconds = lifetime_seconds
        self._pool = self._new_pool()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[aiohttp.ClientSession]:
        """A session for one request."""
        pool = self._pool
        pool.users += 1
        try:
            yield pool.session
        finally:
            pool.users -= 1
            await _close_if_unused(pool)

    async def replace_regularly(self) -> None:
        """Begin a new pool at the end of each lifetime, for ever."""
        while True:
            await asyncio.sleep(self._lifetime_seconds)
            old, self._pool = self._pool, self._new_pool()
            old.retired = True
            await _close_if_unused(old)

    async def close(self) -> None:
        await self._pool.session.close()

    def _new_pool(self) -> _Pool:
        connector = aiohttp.TCPConnector(limit=0, ssl=self._context)
        return _Pool(aiohttp.ClientSession(self._base_url, connector=connector))


async def _close_if_unused(pool: _Pool) -> None:
    if pool.retired and not pool.users:
        await pool.session.close()
