"""DaemonSets: one pod on every node that the template admits."""

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from lab.controllers import owners, pods, selectors, taints
from lab.controllers.adoption import adopted
from lab.controllers.cluster import Cluster
from lab.controllers.controller import Controller, ObjectKey, Options, all_of
from lab.controllers.percent import resolve
from lab.controllers.timestamps import now
from lab.informer import key_of
from lab.kubeclient import Document

HASH_LABEL = "controller-revision-hash"
# What daemons live through, because they are what brings a node back or looks after it.
_TOLERATED = [
    (taints.NOT_READY, "NoExecute"),
    (taints.UNREACHABLE, "NoExecute"),
    (taints.DISK_PRESSURE, "NoSchedule"),
    (taints.MEMORY_PRESSURE, "NoSchedule"),
    (taints.PID_PRESSURE, "NoSchedule"),
    (taints.UNSCHEDULABLE, "NoSchedule"),
]


class Plan(NamedTuple):
    """Nodes that lack their pod and pods that must go."""

    create: list[str]
    delete: list[Document]


def tolerations(spec: Document) -> list[Document]:
    """The pod spec's tolerations and those that every daemon has."""
    own = list(spec.get("tolerations") or [])
    added = [{"key": key, "operator": "Exists", "effect": effect} for key, effect in _TOLERATED]
    return own + [t for t in added if t not in own]


def belongs(spec: Document, node: Document, effects: Iterable[str] = ("NoSchedule", "NoExecute")) -> bool:
    """Whether `node` should have a pod with this spec, judged by taints with `effects`."""
    node_taints = node["spec"].get("taints") or []
    admitted = taints.untolerated(node_taints, tolerations(spec), effects) is None
    return admitted and selectors.node_selected(spec, node)


def target_of(pod: Document) -> str:
    """The node that a daemon pod is meant for, bound or not."""
    if bound := pods.node_of(pod):
        return bound
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    for term in required.get("nodeSelectorTerms") or []:
        for field in term.get("matchFields") or []:
            return str(field["values"][0])
    return ""


def pod_for(daemon_set: Document, node: str, template_hash: str) -> Document:
    """The pod for `node`; the scheduler binds it, as it does with all others."""
    pod = owners.from_template(daemon_set["spec"]["template"], daemon_set, {HASH_LABEL: template_hash})
    pod["metadata"]["generateName"] = f"{daemon_set['metadata']['name']}-"
    spec = dict(pod["spec"])
    affinity = dict(spec.get("affinity") or {})
    fields = [{"key": "metadata.name", "operator": "In", "values": [node]}]
    # The template's own terms were judged when the node was chosen, so the name alone is enough here.
    affinity["nodeAffinity"] = {
        **(affinity.get("nodeAffinity") or {}),
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchFields": fields}]},
    }
    return {**pod, "spec": {**spec, "affinity": affinity, "tolerations": tolerations(spec)}}


def plan(daemon_set: Document, nodes: list[Document], mine: list[Document], template_hash: str) -> Plan:
    """Which nodes get a pod and which pods go, for a DaemonSet that controls the pods `mine`."""
    spec = daemon_set["spec"]["template"]["spec"]
    wanted = {n["metadata"]["name"] for n in nodes if belongs(spec, n)}
    # A taint that only keeps new pods away lets a daemon stay that is there already.
    allowed = {n["metadata"]["name"] for n in nodes if belongs(spec, n, ("NoExecute",))}
    keep: dict[str, Document] = {}
    delete: list[Document] = []
    for pod in sorted(mine, key=lambda p: (not pods.is_ready(p), p["metadata"].get("creationTimestamp", ""))):
        node = target_of(pod)
        if pods.is_terminating(pod):
            # One daemon per node: its successor waits until it is gone (it may hold a port or a device).
            keep.setdefault(node, pod)
        elif pods.is_finished(pod) or node not in allowed or node in keep:
            delete.append(pod)
        else:
            keep[node] = pod
    delete += _outdated(
        daemon_set, [p for p in keep.values() if not pods.is_terminating(p)], len(wanted), template_hash
    )
    return Plan(sorted(wanted - keep.keys()), delete)


def _outdated(daemon_set: Document, kept: list[Document], wanted: int, template_hash: str) -> list[Document]:
    """Pods of an older template to replace now: those that do not work at once, others as maxUnavailable allows."""
    strategy = daemon_set["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return []
    most = resolve((strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1), wanted, up=True)
    old = [p for p in kept if (p["metadata"].get("labels") or {}).get(HASH_LABEL) != template_hash]
    broken = [p for p in old if not pods.is_ready(p)]
    missing = wanted - sum(map(pods.is_ready, kept))
    return broken + [p for p in old if pods.is_ready(p)][: max(0, max(1, most) - missing)]


def status_of(daemon_set: Document, nodes: list[Document], mine: list[Document], template_hash: str) -> Document:
    """The status of a DaemonSet that controls the pods `mine`."""
    spec = daemon_set["spec"]
    wanted = {n["metadata"]["name"] for n in nodes if belongs(spec["template"]["spec"], n)}
    placed = {node: pod for pod in mine if pods.is_active(pod) and (node := target_of(pod))}
    right = [pod for node, pod in placed.items() if node in wanted]
    available = sum(pods.is_available(p, int(spec.get("minReadySeconds") or 0), now()) for p in right)
    return {
        "desiredNumberScheduled": len(wanted),
        "currentNumberScheduled": len(right),
        "numberMisscheduled": len(placed) - len(right),
        "numberReady": sum(map(pods.is_ready, right)),
        "updatedNumberScheduled": sum(p["metadata"]["labels"].get(HASH_LABEL) == template_hash for p in right),
        "numberAvailable": available,
        "numberUnavailable": len(wanted) - available,
        "observedGeneration": daemon_set["metadata"].get("generation", 1),
    }


class DaemonSetController(Controller[ObjectKey]):
    """Keys are DaemonSets."""

    name = "daemonset"
    component = "daemonset-controller"

    def __init__(self, cluster: Cluster, options: Options) -> None:
        super().__init__(cluster, options)
        self._sets = cluster.informer("daemonsets")
        self._nodes = cluster.informer("nodes")
        self._sets.subscribe(self._on_set)
        self._nodes.subscribe(self._on_node)
        cluster.informer("pods").subscribe(self._on_pod)

    def _on_set(self, _old: Document | None, new: Document | None) -> None:
        if new is not None:
            self.queue.add(key_of(new))

    def _on_node(self, old: Document | None, new: Document | None) -> None:
        if old and new and _placing(old) == _placing(new):
            return
        for daemon_set in self._sets.items():
            self.queue.add(key_of(daemon_set))

    def _on_pod(self, old: Document | None, new: Document | None) -> None:
        pod = new or old or {}
        reference = owners.controller_of(pod)
        if reference is not None and reference["kind"] == "DaemonSet":
            self.queue.add((pod["metadata"]["namespace"], reference["name"]))

    async def reconcile(self, key: ObjectKey) -> None:
        daemon_set = self._sets.get(*key)
        if daemon_set is None:
            return
        nodes = list(self._nodes.items())
        template_hash = owners.template_hash(daemon_set["spec"]["template"])
        mine = await adopted(self.cluster, "pods", daemon_set)
        if not pods.is_terminating(daemon_set):
            step = plan(daemon_set, nodes, mine, template_hash)
            await all_of([partial(self._delete, daemon_set, pod) for pod in step.delete])
            await all_of([partial(self._create, daemon_set, node, template_hash) for node in step.create])
            mine = await adopted(self.cluster, "pods", daemon_set)
        await self.cluster.patch_status("daemonsets", daemon_set, status_of(daemon_set, nodes, mine, template_hash))

    async def _create(self, daemon_set: Document, node: str, template_hash: str) -> None:
        made = await self.cluster.create("pods", pod_for(daemon_set, node, template_hash))
        self.record(daemon_set, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}")

    async def _delete(self, daemon_set: Document, pod: Document) -> None:
        await self.cluster.delete("pods", pod)
        self.record(daemon_set, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")


def _placing(node: Document) -> tuple[object, ...]:
    """What decides whether daemons belong on a node."""
    return node["metadata"].get("labels"), node["spec"].get("taints")
