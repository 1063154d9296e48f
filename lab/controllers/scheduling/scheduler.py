"""The scheduler: binds every pending pod to a node, or says why it cannot."""

import asyncio

import aiohttp

from lab.controllers import conditions, pods
from lab.controllers.cluster import INDEX_NAMESPACE, Cluster, path_to
from lab.controllers.controller import Controller, ObjectKey, Options
from lab.controllers.events import WARNING
from lab.controllers.scheduling.choice import Choice, choose
from lab.controllers.scheduling.gang import group_of, place_gang
from lab.controllers.scheduling.places import Places
from lab.informer import key_of
from lab.kubeclient import ApiError, Document

SCHEDULER_NAME = "default-scheduler"
BINDINGS_AT_ONCE = 32


def is_ours(pod: Document) -> bool:
    """Whether the pod waits for this scheduler."""
    spec = pod["spec"]
    mine = spec.get("schedulerName", SCHEDULER_NAME) == SCHEDULER_NAME and not spec.get("schedulingGates")
    return mine and not pods.node_of(pod) and pods.is_active(pod)


def placing(node: Document) -> tuple[object, ...]:
    """What a node's changes are about when they can make room; heartbeats do not."""
    return node["metadata"].get("labels"), node["spec"], node.get("status", {}).get("allocatable")


class Scheduler(Controller[ObjectKey]):
    """Keys are pods. One worker decides (decisions build on each other); bindings are sent many at a time."""

    name = "scheduler"
    component = SCHEDULER_NAME
    workers = 1

    def __init__(self, cluster: Cluster, options: Options) -> None:
        super().__init__(cluster, options)
        self._places = Places()
        self._parked: set[ObjectKey] = set()
        self._bindings: set[asyncio.Task[None]] = set()
        self._free = asyncio.Semaphore(BINDINGS_AT_ONCE)
        self._pods = cluster.informer("pods")
        cluster.informer("nodes").subscribe(self._on_node)
        self._pods.subscribe(self._on_pod)

    def _on_node(self, old: Document | None, new: Document | None) -> None:
        if new is None:
            self._places.remove_node((old or {})["metadata"]["name"])
            return
        self._places.set_node(new)
        if old is None or placing(old) != placing(new):
            self._try_parked()

    def _on_pod(self, old: Document | None, new: Document | None) -> None:
        if new is None:
            gone = old or {}
            self._places.remove_pod(gone["metadata"]["uid"])
            self._parked.discard(key_of(gone))
            self._try_parked()
        elif is_ours(new):
            if not self._places.holds(new["metadata"]["uid"]) and (old is None or old["spec"] != new["spec"]):
                self.queue.add(key_of(new))
        else:
            self._parked.discard(key_of(new))
            self._places.set_pod(new)
            # Pods that end or go make room; pods that arrive can be what an affinity waits for.
            if old is None or _standing(old) != _standing(new):
                self._try_parked()

    def _try_parked(self) -> None:
        for key in self._parked:
            self.queue.add(key)
        self._parked.clear()

    async def reconcile(self, key: ObjectKey) -> None:
        pod = self._pods.get(*key)
        if pod is None or not is_ours(pod) or self._places.holds(pod["metadata"]["uid"]):
            return
        if group := group_of(pod):
            await self._place_gang(pod, group)
            return
        choice = choose(pod, self._places.nodes())
        if choice.node:
            self._places.assume(pod, choice.node)
            await self._send(pod, choice.node)
        else:
            await self._park(pod, choice)

    async def _place_gang(self, pod: Document, group: str) -> None:
        members = [p for p in self._pods.indexed(INDEX_NAMESPACE, pod["metadata"]["namespace"]) if group_of(p) == group]
        waiting = [p for p in members if is_ours(p) and not self._places.holds(p["metadata"]["uid"])]
        gang = place_gang(waiting, members, self._places)
        for member in waiting:
            if gang.nodes:
                await self._send(member, gang.nodes[member["metadata"]["uid"]])
            else:
                await self._park(member, Choice("", gang.message))

    async def _send(self, pod: Document, node: str) -> None:
        await self._free.acquire()
        task = asyncio.create_task(self._bind(pod, node))
        self._bindings.add(task)
        task.add_done_callback(self._bound)

    def _bound(self, task: asyncio.Task[None]) -> None:
        self._bindings.discard(task)
        self._free.release()

    async def _bind(self, pod: Document, node: str) -> None:
        metadata, key = pod["metadata"], key_of(pod)
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"]},
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        }
        try:
            await self.cluster.api.create(path_to("pods", pod) + "/binding", binding)
        except (ApiError, aiohttp.ClientError, OSError, TimeoutError) as error:
            self._places.remove_pod(metadata["uid"])
            known = self._pods.get(*key)
            if known is not None and pods.node_of(known):
                self._places.set_pod(known)
            wait = self.queue.retry(key)
            self.logger.warning("binding failed", pod="/".join(key), node=node, error=str(error), retry_seconds=wait)
        else:
            self.queue.forget(key)
            self.record(pod, "Scheduled", f"Successfully assigned {'/'.join(key)} to {node}")

    async def _park(self, pod: Document, choice: Choice) -> None:
        """Keep the pod until something changes that may make room for it, and say what is missing."""
        self._parked.add(key_of(pod))
        known = conditions.find(pod, "PodScheduled") or {}
        if known.get("message") == choice.message:
            return
        self.record(pod, "FailedScheduling", choice.message, WARNING)
        refused = conditions.condition("PodScheduled", False, "Unschedulable", choice.message)
        changed = conditions.merged(pod.get("status", {}).get("conditions"), [refused])
        try:
            await self.cluster.patch("pods", pod, {"status": {"conditions": changed}}, status=True)
        except ApiError as error:
            if error.status not in {404, 409}:
                raise


def _standing(pod: Document) -> tuple[object, ...]:
    return pods.node_of(pod), pods.is_active(pod), pods.is_finished(pod), pod["metadata"].get("labels")
