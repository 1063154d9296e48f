"""The node itself: its registration, its Lease, its conditions, what it can give to pods."""

import asyncio
import contextlib
import os
import platform
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import aiohttp

from lab.informer import Informer
from lab.kubeclient import STRATEGIC, ApiError, Document, KubeClient
from lab.kubelet.allocation import GPU, DevicePool
from lab.kubelet.clock import rfc3339, rfc3339_micro
from lab.logs import structlog
from lab.network import KUBELET_PORT

DEVICE_PLUGIN = "nvidia.com/gpu.deploy.device-plugin"
"""Node label of NVIDIA's GPU operator: "false" takes the device plugin away, and with it the node's GPUs."""
ISOLATION = "mlchaos.io/pid-isolation"
MOST_PODS = 110
HEARTBEAT_SECONDS = 10.0
RETRY_SECONDS = 0.2
LEASE_TIMEOUT_SECONDS = 2.0
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
NOT_FOUND, CONFLICT = 404, 409
UNREACHABLE = (ApiError, aiohttp.ClientError, OSError, TimeoutError)

logger = structlog.stdlib.get_logger("kubelet")


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """What a node is told to be; quantities are Kubernetes' (`16Gi`)."""

    name: str
    ip: str
    pod_cidr: str
    cpus: str
    memory: str
    gpus: int
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Document, ...] = ()
    pid_isolation: bool = True


def node_document(spec: NodeSpec) -> Document:
    """The Node as it is registered."""
    labels = {
        "kubernetes.io/hostname": spec.name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": _architecture(),
        **spec.labels,
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": spec.name,
            "labels": labels,
            "annotations": {ISOLATION: "true" if spec.pid_isolation else "false"},
        },
        "spec": {"podCIDR": spec.pod_cidr, "podCIDRs": [spec.pod_cidr], "taints": list(spec.taints)},
    }


def node_status(spec: NodeSpec, stored: Document | None, *, gpus_enabled: bool, now: str) -> Document:
    """The node's status; transition times of the `stored` node's conditions are kept where nothing has changed."""
    capacity = {"cpu": spec.cpus, "memory": spec.memory, "pods": str(MOST_PODS), "ephemeral-storage": "100Gi"}
    if spec.gpus:
        capacity[GPU] = str(spec.gpus)
    allocatable = capacity if gpus_enabled or not spec.gpus else {**capacity, GPU: "0"}
    before = {c["type"]: c for c in ((stored or {}).get("status") or {}).get("conditions") or []}
    return {
        "capacity": capacity,
        "allocatable": allocatable,
        "conditions": [_condition(before.get(kind), now, kind, *rest) for kind, *rest in _CONDITIONS],
        "addresses": [{"type": "InternalIP", "address": spec.ip}, {"type": "Hostname", "address": spec.name}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": KUBELET_PORT}},
        "nodeInfo": {
            "machineID": spec.name,
            "systemUUID": spec.name,
            "bootID": spec.name,
            "kernelVersion": os.uname().release,
            "osImage": "mlchaos lab",
            "containerRuntimeVersion": "mlchaos://processes",
            "kubeletVersion": "v1.36.0",
            "kubeProxyVersion": "v1.36.0",
            "operatingSystem": "linux",
            "architecture": _architecture(),
        },
    }


_CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


def _condition(before: Document | None, now: str, kind: str, status: str, reason: str, message: str) -> Document:
    since = before["lastTransitionTime"] if before and before["status"] == status else now
    times = {"lastHeartbeatTime": now, "lastTransitionTime": since}
    return {"type": kind, "status": status, "reason": reason, "message": message, **times}


def _architecture() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def gpus_enabled(node: Document) -> bool:
    return (node["metadata"].get("labels") or {}).get(DEVICE_PLUGIN) != "false"


class Node:
    """Keeps the Node object and its Lease as they should be, whoever else changes or deletes them."""

    def __init__(self, api: KubeClient, spec: NodeSpec, devices: DevicePool) -> None:
        self.informer = Informer(api, "/api/v1/nodes", fieldSelector=f"metadata.name={spec.name}")
        self.informer.subscribe(self._changed)
        self._api, self._spec, self._devices = api, spec, devices
        self._path = f"/api/v1/nodes/{spec.name}"
        self._wanted = asyncio.Event()

    def _changed(self, _: Document | None, node: Document | None) -> None:
        if node is not None:
            self._devices.enabled = gpus_enabled(node)
        if node is None or self._is_wrong(node):
            self._wanted.set()

    def _is_wrong(self, node: Document) -> bool:
        """Whether the stored status is not ours: the node controller has given us up, or the GPUs came or went."""
        status = node.get("status") or {}
        ready = {c["type"]: c["status"] for c in status.get("conditions") or []}.get("Ready")
        gpus = str(self._spec.gpus if self._devices.enabled else 0)
        return ready != "True" or (status.get("allocatable") or {}).get(GPU, "0") != gpus

    async def keep_status(self) -> None:
        """Register, then write the status every ten seconds and as soon as it is wrong, for ever."""
        await self._until_done(self._register)
        while True:
            self._wanted.clear()
            await self._until_done(self._write_status)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), HEARTBEAT_SECONDS)

    async def _until_done(self, attempt: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await attempt()
            except UNREACHABLE as error:
                logger.warning("node not written", error=repr(error), retry_seconds=RETRY_SECONDS)
            await asyncio.sleep(RETRY_SECONDS)

    async def _register(self) -> None:
        document = node_document(self._spec)
        try:
            await self._api.create("/api/v1/nodes", document)
            logger.info("node registered", node=self._spec.name)
        except ApiError as error:
            if error.status != CONFLICT:
                raise
            # Taints are for new nodes only: on a known one they are the administrators'.
            metadata = {key: document["metadata"][key] for key in ("labels", "annotations")}
            await self._api.patch(self._path, {"metadata": metadata})

    async def _write_status(self) -> None:
        stored = self.informer.get("", self._spec.name)
        status = node_status(self._spec, stored, gpus_enabled=self._devices.enabled, now=rfc3339())
        try:
            await self._api.patch(f"{self._path}/status", {"status": status}, STRATEGIC)
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
            await self._register()
            await self._api.patch(f"{self._path}/status", {"status": status}, STRATEGIC)

    async def keep_lease(self, seconds: float) -> None:
        """Renew the Lease every `seconds`, for ever: this is the node's sign of life."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                async with asyncio.timeout(LEASE_TIMEOUT_SECONDS):
                    await self._renew_lease()
            except UNREACHABLE as error:
                logger.warning("lease not renewed", error=repr(error))
            await asyncio.sleep(max(0.0, began + seconds - loop.time()))

    async def _renew_lease(self) -> None:
        renewal = {"holderIdentity": self._spec.name, "leaseDurationSeconds": 2, "renewTime": rfc3339_micro()}
        try:
            await self._api.patch(f"{LEASES}/{self._spec.name}", {"spec": renewal})
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
            metadata = {"name": self._spec.name, "namespace": "kube-node-lease"}
            lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": renewal}
            await self._api.create(LEASES, lease)
