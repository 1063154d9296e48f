"""`python -m lab.proxy`: Services of the lab, for everybody on this machine."""

import asyncio
import contextlib
import gc
import os
import signal
from pathlib import Path

from lab import logs
from lab.informer import Informer
from lab.kubeclient import Document, KubeClient
from lab.proxy.endpoints import backends, frontends
from lab.proxy.listeners import Listeners


async def proxy(api: KubeClient) -> None:
    """Follow Services and EndpointSlices for ever."""
    services = Informer(api, "/api/v1/services")
    slices = Informer(api, "/apis/discovery.k8s.io/v1/endpointslices")
    changed = asyncio.Event()

    def note(_old: Document | None, _new: Document | None) -> None:
        changed.set()

    listeners = Listeners()
    async with asyncio.TaskGroup() as group:
        for informer in (services, slices):
            informer.subscribe(note)
            group.create_task(informer.run())
        for informer in (services, slices):
            await informer.synced()
        gc.collect()
        gc.freeze()  # what is loaded by now stays: later collections need not look at it
        try:
            while True:
                changed.clear()
                await listeners.follow(frontends(services.items()), backends(slices.items()))
                await changed.wait()
        finally:
            await listeners.close()


async def run() -> None:
    """Be the proxy until SIGTERM or SIGINT."""
    logger = logs.configure("proxy")
    stopping = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stopping.set)
    async with KubeClient(Path(os.environ["KUBECONFIG"])) as api:
        logger.info("starting", server=api.server)
        working = asyncio.create_task(proxy(api))
        stop = asyncio.create_task(stopping.wait())
        await asyncio.wait((working, stop), return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
        logger.info("stopped")


if __name__ == "__main__":
    asyncio.run(run())
