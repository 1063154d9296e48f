"""One listening socket per Service port, following Services and endpoints as they come and go."""

import asyncio
import contextlib
from functools import partial

from lab import ports
from lab.logs import structlog
from lab.proxy.balancer import Balancer
from lab.proxy.endpoints import Address, ServicePort
from lab.proxy.pipe import Backend, Client

CONNECT_SECONDS = 1.0
RETRY_SECONDS = 1.0
BACKLOG = 512

logger = structlog.stdlib.get_logger("proxy")


class Listener:
    """Listens on `address` for `service` and joins each client to the endpoint that the balancer names."""

    def __init__(self, address: Address, service: ServicePort) -> None:
        self.address, self.service = address, service
        self.balancer = Balancer(asyncio.get_running_loop().time)
        self._server: asyncio.Server | None = None
        self._opening: asyncio.Task[None] | None = asyncio.create_task(self._open())

    async def _open(self) -> None:
        """Listen, trying again for as long as somebody else has the port."""
        complained = False
        while self._server is None:
            try:
                self._server = await asyncio.get_running_loop().create_server(
                    lambda: Client(self._connect), self.address.host, self.address.port, backlog=BACKLOG
                )
            except OSError as error:
                if not complained:
                    await self._complain(error)
                    complained = True
                await asyncio.sleep(RETRY_SECONDS)
        logger.info("listening", service=str(self.service), address=str(self.address))

    async def _complain(self, error: OSError) -> None:
        holder = await asyncio.to_thread(ports.holder, self.address.port, self.address.host)
        where = {"service": str(self.service), "address": str(self.address)}
        logger.error("cannot listen, trying on", error=str(error), holder=holder, **where)

    async def close(self) -> None:
        """Take no more connections; those that are there go on."""
        if self._opening is not None:
            self._opening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._opening
        if self._server is not None:
            self._server.close()
        logger.info("no longer listening", service=str(self.service), address=str(self.address))

    async def _connect(self) -> Backend | None:
        """A connection to the first endpoint that takes one, or None."""
        for address in self.balancer.candidates():
            self.balancer.opened(address)
            backend = Backend(partial(self.balancer.closed, address))
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await asyncio.get_running_loop().create_connection(partial(_this, backend), *address)
            except (OSError, TimeoutError):
                if backend.transport is None:
                    self.balancer.closed(address)
                self.balancer.refused(address)
            else:
                return backend
        return None


def _this(backend: Backend) -> Backend:
    return backend


class Listeners:
    """All listeners; `follow` makes them what they should be."""

    def __init__(self) -> None:
        self._listeners: dict[Address, Listener] = {}

    async def follow(self, frontends: dict[Address, ServicePort], backends: dict[ServicePort, set[Address]]) -> None:
        """Listen on exactly `frontends`, each balancing over its `backends`."""
        for address, listener in list(self._listeners.items()):
            if frontends.get(address) != listener.service:
                del self._listeners[address]
                await listener.close()
        for address, service in frontends.items():
            if address not in self._listeners:
                self._listeners[address] = Listener(address, service)
            self._listeners[address].balancer.update(backends.get(service, ()))

    async def close(self) -> None:
        await self.follow({}, {})
