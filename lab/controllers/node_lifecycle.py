"""Node life cycle: a node whose heartbeat stops becomes Unknown, and its condition becomes taints."""

import asyncio
import math
from functools import partial

import aiohttp

from lab.controllers import conditions, pods
from lab.controllers.cluster import INDEX_NODE, Cluster
from lab.controllers.controller import Controller, Options, all_of
from lab.controllers.node_plan import lost_conditions, ready_status, wanted_taints
from lab.kubeclient import ApiError, Document

LEASE_NAMESPACE = "kube-node-lease"
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{LEASE_NAMESPACE}/leases"
# A server that takes so long for one Lease may well have kept nodes from renewing theirs.
SLOW_ANSWER_SECONDS = 0.5


class Heartbeats:
    """When each node was last heard, by our own clock: the times that nodes write are only compared for change."""

    def __init__(self) -> None:
        self._heard: dict[str, tuple[object, float]] = {}

    def hear(self, node: str, sign: object, at: float) -> bool:
        """Note `sign` (whatever changes with each heartbeat); whether it is news."""
        known = self._heard.get(node)
        if known is not None and known[0] == sign:
            return False
        self._heard[node] = (sign, at)
        return True

    def silence(self, node: str, at: float) -> float:
        """Seconds since `node` was last heard; infinite if it never was."""
        known = self._heard.get(node)
        return math.inf if known is None else at - known[1]

    def excuse(self, at: float) -> None:
        """Count every node as heard: for a while it was we who could not hear."""
        self._heard = {node: (sign, at) for node, (sign, _) in self._heard.items()}

    def forget(self, node: str) -> None:
        """The node is no more."""
        self._heard.pop(node, None)


class NodeLifecycleController(Controller[str]):
    """Keys are node names."""

    name = "node-lifecycle"
    component = "node-controller"

    def __init__(self, cluster: Cluster, options: Options) -> None:
        super().__init__(cluster, options)
        self._leases_heard, self._status_heard = Heartbeats(), Heartbeats()
        self._nodes = cluster.informer("nodes")
        self._leases = cluster.informer_at(LEASES)
        self._pods = cluster.informer("pods")
        self._nodes.subscribe(self._on_node)
        self._leases.subscribe(self._on_lease)

    def _on_node(self, _old: Document | None, new: Document | None) -> None:
        if new is None:
            return
        name = new["metadata"]["name"]
        ready = conditions.find(new, "Ready") or {}
        sign = (new["metadata"]["uid"], ready.get("lastHeartbeatTime"))
        self._status_heard.hear(name, sign, asyncio.get_running_loop().time())
        self.queue.add(name)

    def _on_lease(self, _old: Document | None, new: Document | None) -> None:
        if new is None:
            return
        name, at = new["metadata"]["name"], asyncio.get_running_loop().time()
        was_silent = self._leases_heard.silence(name, at) > self.options.node_grace_seconds
        if self._leases_heard.hear(name, new["spec"].get("renewTime"), at) and was_silent:
            self.queue.add(name)

    async def reconcile(self, key: str) -> None:
        node = self._nodes.get("", key)
        if node is None:
            self._leases_heard.forget(key)
            self._status_heard.forget(key)
            return
        at = asyncio.get_running_loop().time()
        silence = min(self._leases_heard.silence(key, at), self._status_heard.silence(key, at))
        left = self.options.node_grace_seconds - silence
        if left > 0:
            self.queue.add_after(key, left + 0.01)
        elif ready_status(node) != "Unknown":
            if not await self._is_silent(key):
                self.queue.add(key)
                return
            node = await self._declare_lost(node, silence)
        wanted = wanted_taints(node)
        if wanted != (node["spec"].get("taints") or []):
            change = {"metadata": _same_version(node), "spec": {"taints": wanted or None}}
            node = await self.cluster.patch("nodes", node, change)
        if ready_status(node) != "True":
            await self._mark_pods(node)

    async def _is_silent(self, name: str) -> bool:
        """Ask the server before a node is called lost: when the server or the watch stalls, every node looks silent."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            lease = await self.cluster.api.get(f"{LEASES}/{name}")
        except ApiError as error:
            if error.status == 404:
                return True
            self._excuse(loop.time())
            raise
        except (aiohttp.ClientError, OSError, TimeoutError):
            self._excuse(loop.time())
            raise
        if loop.time() - began > SLOW_ANSWER_SECONDS:
            self._excuse(loop.time())
            return False
        return not self._leases_heard.hear(name, lease["spec"].get("renewTime"), loop.time())

    def _excuse(self, at: float) -> None:
        self.logger.warning("the API server is slow or away: no node is called lost for that")
        self._leases_heard.excuse(at)

    async def _declare_lost(self, node: Document, silence: float) -> Document:
        name = node["metadata"]["name"]
        self.logger.warning("node is silent", node=name, seconds=round(silence, 2))
        change = {"metadata": _same_version(node), "status": {"conditions": lost_conditions(node)}}
        node = await self.cluster.patch("nodes", node, change, status=True)
        self.record(node, "NodeNotReady", f"Node {name} status is now: NodeNotReady")
        return node

    async def _mark_pods(self, node: Document) -> None:
        """Pods of a node that is not ready take no traffic: Services must leave them out at once."""
        ready = [p for p in self._pods.indexed(INDEX_NODE, node["metadata"]["name"]) if pods.is_ready(p)]
        await all_of([partial(self._mark, pod) for pod in ready])

    async def _mark(self, pod: Document) -> None:
        not_ready = conditions.condition("Ready", False, "NodeNotReady", "Node is not ready")
        known = pod["status"].get("conditions")
        change = {"metadata": _same_version(pod), "status": {"conditions": conditions.merged(known, [not_ready])}}
        try:
            await self.cluster.patch("pods", pod, change, status=True)
        except ApiError as error:
            if error.status != 404:
                raise
        self.record(pod, "NodeNotReady", "Node is not ready", "Warning")


def _same_version(document: Document) -> Document:
    return {"resourceVersion": document["metadata"]["resourceVersion"]}
