"""Deployments: one ReplicaSet per pod template, and rollouts from one to the next."""

from datetime import timedelta

from lab.controllers import owners, pods, selectors
from lab.controllers.adoption import adopted
from lab.controllers.cluster import INDEX_CONTROLLER, INDEX_NAMESPACE, Cluster
from lab.controllers.controller import Controller, ObjectKey, Options
from lab.controllers.deployment_status import deadline_passes_in, status_of
from lab.controllers.rollout import Size, limits, recreate, rescale, rolling_update
from lab.informer import key_of
from lab.kubeclient import ApiError, Document

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
DESIRED = "deployment.kubernetes.io/desired-replicas"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def revision_of(document: Document) -> int:
    """The revision that its annotation tells; 0 without one."""
    text = (document["metadata"].get("annotations") or {}).get(REVISION, "0")
    return int(text) if text.isdigit() else 0


def size_of(replica_set: Document) -> Size:
    """The ReplicaSet's numbers."""
    available = replica_set.get("status", {}).get("availableReplicas", 0)
    return Size(replica_set["metadata"]["name"], int(replica_set["spec"].get("replicas", 1)), available)


def replica_set_for(deployment: Document, template_hash: str, revision: int) -> Document:
    """The ReplicaSet, still without pods, for the Deployment's present template."""
    spec, metadata = deployment["spec"], deployment["metadata"]
    template = spec["template"]
    described = template.get("metadata") or {}
    labels = {**(described.get("labels") or {}), HASH_LABEL: template_hash}
    selector = spec["selector"]
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if k != LAST_APPLIED}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{metadata['name']}-{template_hash}",
            "namespace": metadata["namespace"],
            "labels": labels,
            "annotations": {**annotations, REVISION: str(revision), DESIRED: str(spec.get("replicas", 1))},
            "ownerReferences": [owners.owner_reference(deployment)],
        },
        "spec": {
            "replicas": 0,
            "minReadySeconds": spec.get("minReadySeconds", 0),
            "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH_LABEL: template_hash}},
            "template": {**template, "metadata": {**described, "labels": labels}},
        },
    }


def beyond_history(deployment: Document, old: list[Document]) -> list[Document]:
    """The old ReplicaSets, all without pods, that revisionHistoryLimit does not keep: the lowest revisions."""
    limit = deployment["spec"].get("revisionHistoryLimit", 10)
    empty = [
        s
        for s in old
        if not s["spec"].get("replicas", 1) and not s.get("status", {}).get("replicas") and not pods.is_terminating(s)
    ]
    return sorted(empty, key=revision_of)[: max(0, len(empty) - limit)]


class DeploymentController(Controller[ObjectKey]):
    """Keys are Deployments."""

    name = "deployment"
    component = "deployment-controller"

    def __init__(self, cluster: Cluster, options: Options) -> None:
        super().__init__(cluster, options)
        self._deployments = cluster.informer("deployments")
        self._sets = cluster.informer("replicasets")
        self._pods = cluster.informer("pods")
        self._deployments.subscribe(self._on_deployment)
        self._sets.subscribe(self._on_set)
        self._pods.subscribe(self._on_pod)

    def _on_deployment(self, _old: Document | None, new: Document | None) -> None:
        if new is not None:
            self.queue.add(key_of(new))

    def _on_set(self, old: Document | None, new: Document | None) -> None:
        for replica_set in (old, new):
            if replica_set is not None:
                self._wake_owner(replica_set)

    def _wake_owner(self, replica_set: Document) -> None:
        namespace = replica_set["metadata"]["namespace"]
        reference = owners.controller_of(replica_set)
        if reference is None:
            for deployment in self._deployments.indexed(INDEX_NAMESPACE, namespace):
                if selectors.matches(deployment["spec"]["selector"], replica_set["metadata"].get("labels")):
                    self.queue.add(key_of(deployment))
        elif reference["kind"] == "Deployment":
            self.queue.add((namespace, reference["name"]))

    def _on_pod(self, old: Document | None, new: Document | None) -> None:
        """A pod that is gone is what the Recreate strategy waits for."""
        reference = owners.controller_of(old) if old is not None and new is None else None
        if old is not None and reference is not None and reference["kind"] == "ReplicaSet":
            replica_set = self._sets.get(old["metadata"]["namespace"], reference["name"])
            if replica_set is not None:
                self._wake_owner(replica_set)

    async def reconcile(self, key: ObjectKey) -> None:
        deployment = self._deployments.get(*key)
        if deployment is None:
            return
        sets = sorted(
            await adopted(self.cluster, "replicasets", deployment),
            key=lambda s: (s["metadata"]["creationTimestamp"], revision_of(s)),
        )
        template_hash = owners.template_hash(deployment["spec"]["template"])
        new = next((s for s in sets if (s["metadata"].get("labels") or {}).get(HASH_LABEL) == template_hash), None)
        old = [s for s in sets if s is not new]
        if not pods.is_terminating(deployment):
            if deployment["spec"].get("paused"):
                await self._resize(deployment, sets, rescale(_desired(deployment), [size_of(s) for s in sets]))
            else:
                new = await self._ensure_new(deployment, template_hash, new, old)
                await self._resize(deployment, [*old, new], self._targets(deployment, new, old))
                for forgotten in beyond_history(deployment, old):
                    await self.cluster.delete("replicasets", forgotten)
        await self._report(deployment, key, new["metadata"]["name"] if new else None)

    def _targets(self, deployment: Document, new: Document, old: list[Document]) -> dict[str, int]:
        desired, sizes = _desired(deployment), [size_of(s) for s in old]
        strategy = deployment["spec"].get("strategy") or {}
        if strategy.get("type") == "Recreate":
            remain = any(
                not pods.is_finished(pod)
                for s in old
                for pod in self._pods.indexed(INDEX_CONTROLLER, s["metadata"]["uid"])
            )
            return recreate(desired, size_of(new), sizes, remain)
        return rolling_update(desired, limits(strategy, desired), size_of(new), sizes)

    async def _ensure_new(
        self, deployment: Document, template_hash: str, new: Document | None, old: list[Document]
    ) -> Document:
        """The ReplicaSet of the present template, with the highest revision; the Deployment is told that revision."""
        newest = max((revision_of(s) for s in old), default=0)
        if new is None:
            try:
                new = await self.cluster.create("replicasets", replica_set_for(deployment, template_hash, newest + 1))
            except ApiError as error:
                if error.status != 409:
                    self.record(deployment, "ReplicaSetCreateError", f"Failed to create new replica set: {error}")
                raise
        elif revision_of(new) <= newest:
            new = await self._annotate("replicasets", new, REVISION, str(newest + 1))
        if revision_of(deployment) != revision_of(new):
            await self._annotate("deployments", deployment, REVISION, str(revision_of(new)))
        least = deployment["spec"].get("minReadySeconds", 0)
        if new["spec"].get("minReadySeconds", 0) != least:
            new = await self.cluster.patch("replicasets", new, {"spec": {"minReadySeconds": least}})
        return new

    async def _annotate(self, resource: str, document: Document, name: str, value: str) -> Document:
        return await self.cluster.patch(resource, document, {"metadata": {"annotations": {name: value}}})

    async def _resize(self, deployment: Document, sets: list[Document], targets: dict[str, int]) -> None:
        for replica_set in sets:
            name, before = replica_set["metadata"]["name"], int(replica_set["spec"].get("replicas", 1))
            after = targets.get(name, before)
            if after == before:
                continue
            await self.cluster.patch(
                "replicasets",
                replica_set,
                {
                    "metadata": {"annotations": {DESIRED: str(_desired(deployment))}},
                    "spec": {"replicas": after},
                },
            )
            verb = "up" if after > before else "down"
            message = f"Scaled {verb} replica set {name} from {before} to {after}"
            self.record(deployment, "ScalingReplicaSet", message)

    async def _report(self, deployment: Document, key: ObjectKey, new_name: str | None) -> None:
        sets = self._sets.indexed(INDEX_CONTROLLER, deployment["metadata"]["uid"])
        new = next((s for s in sets if s["metadata"]["name"] == new_name), None)
        deployment = self._deployments.get(*key) or deployment
        status = status_of(deployment, sets, new)
        await self.cluster.patch_status("deployments", deployment, status)
        if (wait := deadline_passes_in(deployment["spec"], status)) is not None:
            self.queue.add_after(key, (wait + timedelta(seconds=1)).total_seconds())


def _desired(deployment: Document) -> int:
    return int(deployment["spec"].get("replicas", 1))
