"""ReplicaSets: as many active pods as asked for, by creating and deleting them."""

from datetime import datetime
from functools import partial

from lab.controllers import conditions, owners, pods, selectors
from lab.controllers.adoption import adopted
from lab.controllers.cluster import INDEX_NAMESPACE, Cluster
from lab.controllers.controller import EXPECTED_STATUSES, Controller, ObjectKey, Options, all_of
from lab.controllers.events import WARNING
from lab.controllers.timestamps import now
from lab.informer import key_of
from lab.kubeclient import ApiError, Document

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_PHASE_ORDER = {"Pending": 0, "Unknown": 1, "Running": 2}


def deletion_order(active: list[Document], at: datetime) -> list[Document]:
    """`active` with the pods first that are missed least: unbound, pending, not ready, cheap, crowded, new ones."""
    crowd: dict[str, int] = {}
    for pod in active:
        crowd[pods.node_of(pod)] = crowd.get(pods.node_of(pod), 0) + 1

    def worth(pod: Document) -> tuple[object, ...]:
        cost = (pod["metadata"].get("annotations") or {}).get(DELETION_COST, "0")
        return (
            bool(pods.node_of(pod)),
            _PHASE_ORDER.get(pods.phase(pod), 1),
            pods.is_ready(pod),
            int(cost) if cost.lstrip("-").isdigit() else 0,
            -crowd[pods.node_of(pod)],
            pods.ready_seconds(pod, at),
            -pods.restarts(pod),
            _Descending(pod["metadata"].get("creationTimestamp", "")),
        )

    return sorted(active, key=worth)


class _Descending(str):
    """Text that sorts the other way round: later time stamps first."""

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return str(self) > str(other)


def status_of(replica_set: Document, active: list[Document], at: datetime) -> Document:
    """The status that a ReplicaSet with these active pods has."""
    spec = replica_set["spec"]
    labels = (spec["template"].get("metadata") or {}).get("labels") or {}
    least = int(spec.get("minReadySeconds") or 0)
    return {
        "replicas": len(active),
        "fullyLabeledReplicas": sum(labels.items() <= (pod["metadata"].get("labels") or {}).items() for pod in active),
        "readyReplicas": sum(map(pods.is_ready, active)),
        "availableReplicas": sum(pods.is_available(pod, least, at) for pod in active),
        "observedGeneration": replica_set["metadata"].get("generation", 1),
    }


class ReplicaSetController(Controller[ObjectKey]):
    """Keys are ReplicaSets."""

    name = "replicaset"
    component = "replicaset-controller"

    def __init__(self, cluster: Cluster, options: Options) -> None:
        super().__init__(cluster, options)
        self._sets = cluster.informer("replicasets")
        self._pods = cluster.informer("pods")
        self._sets.subscribe(self._on_set)
        self._pods.subscribe(self._on_pod)

    def _on_set(self, _old: Document | None, new: Document | None) -> None:
        if new is not None:
            self.queue.add(key_of(new))

    def _on_pod(self, old: Document | None, new: Document | None) -> None:
        for pod in (old, new):
            if pod is None:
                continue
            namespace = pod["metadata"]["namespace"]
            reference = owners.controller_of(pod)
            if reference is None:
                for replica_set in self._sets.indexed(INDEX_NAMESPACE, namespace):
                    if selectors.matches(replica_set["spec"]["selector"], pod["metadata"].get("labels")):
                        self.queue.add(key_of(replica_set))
            elif reference["kind"] == "ReplicaSet":
                self.queue.add((namespace, reference["name"]))

    async def reconcile(self, key: ObjectKey) -> None:
        replica_set = self._sets.get(*key)
        if replica_set is None:
            return
        mine = await adopted(self.cluster, "pods", replica_set)
        if not pods.is_terminating(replica_set):
            try:
                await self._scale(replica_set, [pod for pod in mine if pods.is_active(pod)])
            except ApiError as error:
                if error.status not in EXPECTED_STATUSES:
                    await self._report_failure(replica_set, error)
                raise
            mine = self._owned(replica_set)
        active = [pod for pod in mine if pods.is_active(pod)]
        at = now()
        status = status_of(replica_set, active, at)
        if conditions.find(replica_set, "ReplicaFailure"):
            status["conditions"] = []
        await self.cluster.patch_status("replicasets", replica_set, status)
        if status["availableReplicas"] < status["readyReplicas"]:
            least = int(replica_set["spec"].get("minReadySeconds") or 0)
            waits = [least - pods.ready_seconds(pod, at) for pod in active if pods.is_ready(pod)]
            self.queue.add_after(key, min((wait for wait in waits if wait > 0), default=0.0) + 0.01)

    def _owned(self, replica_set: Document) -> list[Document]:
        return self._pods.indexed("controller", replica_set["metadata"]["uid"])

    async def _scale(self, replica_set: Document, active: list[Document]) -> None:
        wanted = int(replica_set["spec"].get("replicas", 1))
        if len(active) < wanted:
            pod = owners.from_template(replica_set["spec"]["template"], replica_set)
            pod["metadata"]["generateName"] = f"{replica_set['metadata']['name']}-"
            await all_of([partial(self._create, replica_set, pod)] * (wanted - len(active)))
        elif len(active) > wanted:
            surplus = deletion_order(active, now())[: len(active) - wanted]
            await all_of([partial(self._delete, replica_set, pod) for pod in surplus])

    async def _create(self, replica_set: Document, pod: Document) -> None:
        made = await self.cluster.create("pods", pod)
        self.record(replica_set, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}")

    async def _delete(self, replica_set: Document, pod: Document) -> None:
        await self.cluster.delete("pods", pod)
        self.record(replica_set, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")

    async def _report_failure(self, replica_set: Document, error: ApiError) -> None:
        self.record(replica_set, "FailedCreate", f"Error creating: {error.message}", WARNING)
        failure = conditions.condition("ReplicaFailure", True, "FailedCreate", error.message)
        known = replica_set.get("status", {}).get("conditions")
        await self.cluster.patch_status("replicasets", replica_set, {"conditions": conditions.merged(known, [failure])})
