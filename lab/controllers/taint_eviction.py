"""Taint eviction: pods leave nodes with NoExecute taints, each when its tolerations run out."""

import asyncio
import math

from lab.controllers import pods
from lab.controllers.cluster import INDEX_NODE, Cluster
from lab.controllers.controller import Controller, ObjectKey, Options
from lab.controllers.taints import seconds_tolerated
from lab.informer import key_of
from lab.kubeclient import Document


class TaintEvictionController(Controller[ObjectKey]):
    """Keys are pods. A pod's time runs from when it was first seen on a node that it cannot stay on for ever."""

    name = "taint-eviction"
    component = "taint-eviction-controller"

    def __init__(self, cluster: Cluster, options: Options) -> None:
        super().__init__(cluster, options)
        self._since: dict[str, float] = {}
        self._nodes = cluster.informer("nodes")
        self._pods = cluster.informer("pods")
        self._nodes.subscribe(self._on_node)
        self._pods.subscribe(self._on_pod)

    def _on_node(self, old: Document | None, new: Document | None) -> None:
        if new is not None and (old is None or old["spec"].get("taints") != new["spec"].get("taints")):
            for pod in self._pods.indexed(INDEX_NODE, new["metadata"]["name"]):
                self.queue.add(key_of(pod))

    def _on_pod(self, old: Document | None, new: Document | None) -> None:
        if new is None:
            self._since.pop((old or {})["metadata"]["uid"], None)
        elif pods.node_of(new):
            self.queue.add(key_of(new))

    async def reconcile(self, key: ObjectKey) -> None:
        pod = self._pods.get(*key)
        if pod is None or pods.is_terminating(pod) or pods.is_finished(pod):
            return
        node = self._nodes.get("", pods.node_of(pod))
        taints = node["spec"].get("taints") or [] if node else []
        uid, at = pod["metadata"]["uid"], asyncio.get_running_loop().time()
        tolerated = seconds_tolerated(taints, pod["spec"].get("tolerations") or [])
        if tolerated == math.inf:
            self._since.pop(uid, None)
            return
        left = self._since.setdefault(uid, at) + tolerated - at
        if left > 0:
            self.queue.add_after(key, left)
            return
        self.record(pod, "TaintManagerEviction", f"Marking for deletion Pod {key[0]}/{key[1]}")
        await self.cluster.delete("pods", pod)
