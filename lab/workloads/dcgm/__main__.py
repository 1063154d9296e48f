"""`python -m lab.workloads.dcgm`: dcgm-exporter and its host engine for one GPU node.

Environment: POD_IP, NODE_NAME, KUBECONFIG (to learn which pods hold GPUs; without it none does), GPUS (4), METRICS_PORT
(9400), HOSTENGINE_PORT (5555), MOUNT_USR_LOCAL_BIN (where the `dcgmi` command is put).
"""

import asyncio
import contextlib
import shlex
import sys
import time
import uuid
from pathlib import Path

from aiohttp import web

from lab.informer import Informer
from lab.kubeclient import KubeClient
from lab.workloads.dcgm.exposition import Sample, render
from lab.workloads.dcgm.gpu import Gpu
from lab.workloads.dcgm.hostengine import HostEngine
from lab.workloads.dcgm.owners import GpuOwners
from lab.workloads.serving import Listener, Logger, listening, run_program, until_stopped
from lab.workloads.settings import Settings, mount_variable

TICK_SECONDS = 1.0
PROGRAMS = "/usr/local/bin"
NAMESPACE = uuid.UUID("6e1f6d0a-6c0e-4a51-9d6e-6d6c63686173")  # of the UUIDs of the lab's GPUs


def gpu_uuid(node: str, index: int) -> str:
    """The UUID of a node's GPU: the same in every life of the lab."""
    return f"GPU-{uuid.uuid5(NAMESPACE, f'{node}/{index}')}"


def install_dcgmi(directory: Path) -> None:
    """Put the `dcgmi` command into a directory on the container's PATH."""
    command = directory / "dcgmi"
    python = shlex.quote(sys.executable)
    command.write_text(f'#!/bin/sh\nexec {python} -m lab.workloads.dcgm.dcgmi "$@"\n')
    command.chmod(0o755)


class Node:
    """The GPUs of this node, and who holds them."""

    def __init__(self, name: str, count: int) -> None:
        self.name = name
        self.gpus = [Gpu(index, gpu_uuid(name, index)) for index in range(count)]
        self._owners = GpuOwners(count)

    async def live(self, pods: Informer | None) -> None:
        """Let time pass for the GPUs, for ever."""
        before = time.monotonic()
        while True:
            if pods is not None:
                self._owners.update(pods.items())
            now = time.monotonic()
            for gpu in self.gpus:
                gpu.advance(now - before, self._owners.owner(gpu.index) is not None)
            before = now
            await asyncio.sleep(TICK_SECONDS)

    def metrics(self) -> str:
        return render([Sample(gpu, self._owners.owner(gpu.index)) for gpu in self.gpus], self.name)


def application(node: Node) -> web.Application:
    """/metrics and /health, as dcgm-exporter has them."""

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(text=node.metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    async def health(_request: web.Request) -> web.Response:
        return web.Response(text="KO\n" if not node.gpus else "OK\n", status=200 if node.gpus else 503)

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/health", health)
    return app


async def serve(settings: Settings, log: Logger) -> None:
    """Serve until SIGTERM."""
    node = Node(settings.text("NODE_NAME"), settings.count("GPUS", 4))
    host = settings.text("POD_IP")
    if directory := settings.optional(mount_variable(PROGRAMS)):
        install_dcgmi(Path(directory))
    async with contextlib.AsyncExitStack() as stack:
        background = []
        pods = None
        if kubeconfig := settings.optional("KUBECONFIG"):
            api = await stack.enter_async_context(KubeClient(Path(kubeconfig)))
            pods = Informer(api, "/api/v1/pods", fieldSelector=f"spec.nodeName={node.name}")
            background.append(pods.run())
        background += [
            node.live(pods),
            HostEngine(node.gpus, log).serve(host, settings.count("HOSTENGINE_PORT", 5555)),
        ]
        port = settings.count("METRICS_PORT", 9400)
        await stack.enter_async_context(listening([Listener(application(node), host, port)], drain_seconds=0.2))
        log.info("serving", address=f"{host}:{port}", gpus=len(node.gpus))
        await until_stopped(*background)


if __name__ == "__main__":
    run_program("dcgm", serve)
