"""Pod garbage: pods that no kubelet will ever finish are removed by force."""

import asyncio

from lab.controllers import pods
from lab.controllers.cluster import INDEX_NODE, Cluster
from lab.controllers.controller import Controller, ObjectKey, Options
from lab.controllers.node_plan import is_lost
from lab.informer import key_of
from lab.kubeclient import Document


def removal(pod: Document, node: Document | None, options: Options) -> tuple[str, float] | None:
    """Why, and how many seconds after it was first seen so, `pod` is to be removed by force; None if it is not.

    A real cluster keeps the terminating pods of a lost node until somebody vouches for the node being off, with the
    taint node.kubernetes.io/out-of-service: until then the pods may well run on behind a cut network, and a second
    copy could write to the same disk. In the lab losing a node means that its kubelet was killed, and the kernel kills
    its pods' processes with it: silence is proof enough, and Jobs and gangs that wait for the old pods can go on. (A
    kubelet that is only stopped kills what was removed as soon as it goes on; give more seconds to study that case.)
    """
    if not pods.node_of(pod):
        return ("it was never bound", 0.0) if pods.is_terminating(pod) else None
    if node is None:
        return "its node does not exist", options.orphan_pod_seconds
    if pods.is_terminating(pod) and is_lost(node):
        return "its node is lost", options.force_delete_seconds
    return None


class PodGarbageController(Controller[ObjectKey]):
    """Keys are pods."""

    name = "pod-gc"
    component = "pod-garbage-collector"

    def __init__(self, cluster: Cluster, options: Options) -> None:
        super().__init__(cluster, options)
        self._since: dict[str, tuple[str, float]] = {}  # by uid: the reason, and the loop's time when it began
        self._nodes = cluster.informer("nodes")
        self._pods = cluster.informer("pods")
        self._nodes.subscribe(self._on_node)
        self._pods.subscribe(self._on_pod)

    def _on_node(self, old: Document | None, new: Document | None) -> None:
        if old is None or new is None or is_lost(old) != is_lost(new):
            for pod in self._pods.indexed(INDEX_NODE, (new or old or {})["metadata"]["name"]):
                self.queue.add(key_of(pod))

    def _on_pod(self, old: Document | None, new: Document | None) -> None:
        if new is None:
            self._since.pop((old or {})["metadata"]["uid"], None)
        elif pods.is_terminating(new) or self._nodes.get("", pods.node_of(new)) is None:
            self.queue.add(key_of(new))

    async def reconcile(self, key: ObjectKey) -> None:
        pod = self._pods.get(*key)
        if pod is None:
            return
        uid, at = pod["metadata"]["uid"], asyncio.get_running_loop().time()
        found = removal(pod, self._nodes.get("", pods.node_of(pod)), self.options)
        if found is None:
            self._since.pop(uid, None)
            return
        reason, seconds = found
        first_reason, since = self._since.get(uid, ("", at))
        if reason != first_reason:
            since = at
        self._since[uid] = (reason, since)
        if since + seconds > at:
            self.queue.add_after(key, since + seconds - at)
            return
        self.logger.info("removing pod by force", pod="/".join(key), reason=reason)
        await self.cluster.delete("pods", pod, grace_seconds=0)
