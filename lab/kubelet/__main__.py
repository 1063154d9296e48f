"""`python -m lab.kubelet`: one node of the lab."""

import argparse
import asyncio
import contextlib
import errno
import fcntl
import gc
import ipaddress
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
from aiohttp import web

from lab import logs, ports
from lab.informer import Informer
from lab.kubeclient import Document, KubeClient
from lab.kubelet import isolation
from lab.kubelet.allocation import AddressPool, DevicePool
from lab.kubelet.events import Events
from lab.kubelet.host import Host
from lab.kubelet.node import Node, NodeSpec
from lab.kubelet.pods import Pods
from lab.kubelet.server import application
from lab.kubelet.sources import Sources
from lab.network import KUBELET_PORT
from lab.processes import kill_carrying

SHUTDOWN_SECONDS = 0.2


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.kubelet", description="one node of the lab")
    parser.add_argument("--node", required=True, help="name of the node")
    parser.add_argument("--node-ip", required=True, type=_loopback, help="address of the node (127.0.0.0/8)")
    parser.add_argument("--pod-cidr", required=True, type=ipaddress.IPv4Network, help="addresses of its pods")
    parser.add_argument("--root", required=True, type=Path, help="directory for everything that the kubelet writes")
    parser.add_argument("--token-file", required=True, type=Path, help="token that clients of the kubelet must bear")
    parser.add_argument("--gpus", type=int, default=0)
    parser.add_argument("--cpus", default="8")
    parser.add_argument("--memory", default="16Gi")
    parser.add_argument("--label", action="append", default=[], metavar="KEY=VALUE", type=_label)
    parser.add_argument("--taint", action="append", default=[], metavar="KEY=VALUE:EFFECT", type=_taint)
    parser.add_argument("--lease-seconds", type=float, default=0.5, help="time between renewals of the node's Lease")
    parser.add_argument(
        "--pid-isolation",
        choices=("auto", "off"),
        default="auto",
        help="PID namespaces for containers, where they work",
    )
    return parser.parse_args(arguments)


def _loopback(text: str) -> str:
    if not ipaddress.IPv4Address(text).is_loopback:
        raise argparse.ArgumentTypeError(f"the lab stays on this machine: {text} is not in 127.0.0.0/8")
    return text


def _label(text: str) -> tuple[str, str]:
    key, found, value = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError(f"write KEY=VALUE, not {text!r}")
    return key, value


def _taint(text: str) -> Document:
    rest, _, effect = text.rpartition(":")
    key, _, value = rest.partition("=")
    if not key or effect not in ("NoSchedule", "PreferNoSchedule", "NoExecute"):
        raise argparse.ArgumentTypeError(f"write KEY=VALUE:NoSchedule (or PreferNoSchedule, NoExecute), not {text!r}")
    return {"key": key, "value": value, "effect": effect}


@contextlib.contextmanager
def _sole_owner(root: Path) -> Iterator[None]:
    """Hold the directory for this process; SystemExit if another kubelet has it."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"another kubelet works in {root}: stop it, or give --root another directory")
        yield


@contextlib.contextmanager
def _listening(address: str) -> Iterator[socket.socket]:
    """The kubelet's socket; SystemExit if its port is taken. Who connects before it is served waits in its backlog."""
    try:
        listener = socket.create_server((address, KUBELET_PORT))
    except OSError as error:
        by = f" by {ports.holder(KUBELET_PORT, address)}" if error.errno == errno.EADDRINUSE else ""
        sys.exit(f"{address}:{KUBELET_PORT}, which the node needs, is not to be had{by}: {error.strerror}")
    with listener:
        yield listener


async def run(arguments: argparse.Namespace) -> None:
    """Be the node until SIGTERM or SIGINT."""
    logger = logs.configure("kubelet").bind(node=arguments.node)
    stopping = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stopping.set)
    root = arguments.root.resolve()
    # The port comes first: a node that nobody can reach must not say that it is ready.
    with _sole_owner(root), _listening(arguments.node_ip) as listener:
        if left := kill_carrying(f"MLCHAOS_NODE_ROOT={root}"):
            logger.error("processes of an earlier kubelet do not die", pids=left)
        shutil.rmtree(root / "pods", ignore_errors=True)
        plain = isolation.Isolation(pid_namespace=False)
        isolated = plain if arguments.pid_isolation == "off" else isolation.detect()
        logger.info("starting", root=str(root), pid_isolation="on" if isolated.pid_namespace else "off")
        spec = NodeSpec(
            name=arguments.node,
            ip=arguments.node_ip,
            pod_cidr=str(arguments.pod_cidr),
            cpus=arguments.cpus,
            memory=arguments.memory,
            gpus=arguments.gpus,
            labels=dict(arguments.label),
            taints=tuple(arguments.taint),
            pid_isolation=isolated.pid_namespace,
        )
        async with (
            KubeClient(Path(os.environ["KUBECONFIG"])) as api,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as probes,
        ):
            kubelet = asyncio.create_task(_serve(arguments, spec, isolated, api, probes, root, listener))
            stop = asyncio.create_task(stopping.wait())
            await asyncio.wait((kubelet, stop), return_when=asyncio.FIRST_COMPLETED)
            if not kubelet.done():
                kubelet.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await kubelet
            logger.info("stopped")


async def _serve(
    arguments: argparse.Namespace,
    spec: NodeSpec,
    isolated: isolation.Isolation,
    api: KubeClient,
    probes: aiohttp.ClientSession,
    root: Path,
    listener: socket.socket,
) -> None:
    devices, events, sources = DevicePool(spec.gpus), Events(api, spec.name), Sources(api)
    node = Node(api, spec, devices)
    services = Informer(api, "/api/v1/services")
    bound = Informer(api, "/api/v1/pods", fieldSelector=f"spec.nodeName={spec.name}")
    async with asyncio.TaskGroup() as group:
        for informer in (node.informer, services, bound, *sources.informers.values()):
            group.create_task(informer.run())
        group.create_task(node.keep_status())
        group.create_task(node.keep_lease(arguments.lease_seconds))
        group.create_task(events.run())
        for informer in (node.informer, services, bound, *sources.informers.values()):
            await informer.synced()
        used = [pod["status"]["podIP"] for pod in bound.items() if (pod.get("status") or {}).get("podIP")]
        addresses = AddressPool(arguments.pod_cidr, used)
        pods = Pods(
            Host(spec.name, spec.ip, root, api, isolated, addresses, devices, sources, services, events, probes), bound
        )
        try:
            await _answer(pods, listener, arguments.token_file.read_text().strip())
        finally:
            await pods.stop()


async def _answer(pods: Pods, listener: socket.socket, token: str) -> None:
    """Serve logs and exec until cancelled."""
    # A reader who goes away must end the handler that waits for news for it.
    runner = web.AppRunner(
        application(pods, token), handler_cancellation=True, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        gc.collect()
        gc.freeze()  # what is loaded by now stays: later collections need not look at it
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def main() -> None:
    asyncio.run(run(parse_arguments(sys.argv[1:])))


if __name__ == "__main__":
    main()
