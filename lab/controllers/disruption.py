"""Disruption budgets: how many pods may be evicted right now."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from lab.controllers import conditions, owners, pods, selectors
from lab.controllers.cluster import INDEX_NAMESPACE, Cluster
from lab.controllers.controller import Controller, ObjectKey, Options
from lab.controllers.percent import resolve
from lab.controllers.timestamps import now, parse
from lab.informer import key_of
from lab.kubeclient import Document

# An eviction that the server granted counts as a lost pod until the pod goes, but no longer than this.
GRANTED_FOR = timedelta(minutes=2)


def desired_healthy(spec: Document, counted: int, scale: int) -> tuple[int, int]:
    """(expectedPods, desiredHealthy) for a budget that selects `counted` pods whose controllers want `scale`.

    As in Kubernetes a plain minAvailable is measured against the pods that are there, everything else against the
    number that there should be, and percentages are rounded up.
    """
    if (most := spec.get("maxUnavailable")) is not None:
        return scale, max(0, scale - resolve(most, scale, up=True))
    least = spec.get("minAvailable", 1)
    if isinstance(least, str) and least.endswith("%"):
        return scale, resolve(least, scale, up=True)
    return counted, int(least)


def still_granted(disrupted: dict[str, str], present: Iterable[Document], at: datetime) -> dict[str, str]:
    """The granted evictions (pod name to time) whose pods are still to go."""
    waiting = {p["metadata"]["name"] for p in present if not pods.is_terminating(p)}
    return {name: since for name, since in disrupted.items() if name in waiting and parse(since) + GRANTED_FOR > at}


def status_of(budget: Document, selected: list[Document], scale: int, at: datetime) -> Document:
    """The status of a budget that selects `selected`, whose controllers want `scale` pods together."""
    before = budget.get("status", {})
    present = [p for p in selected if not pods.is_finished(p)]
    granted = still_granted(before.get("disruptedPods") or {}, present, at)
    healthy = sum(pods.is_ready(p) and pods.is_active(p) and p["metadata"]["name"] not in granted for p in present)
    expected, wanted = desired_healthy(budget["spec"], len(present), scale)
    allowed = max(0, healthy - wanted) if expected > 0 else 0
    condition = conditions.condition(
        "DisruptionAllowed", allowed > 0, "SufficientPods" if allowed else "InsufficientPods"
    )
    return {
        "expectedPods": expected,
        "currentHealthy": healthy,
        "desiredHealthy": wanted,
        "disruptionsAllowed": allowed,
        "disruptedPods": granted,
        "observedGeneration": budget["metadata"].get("generation", 1),
        "conditions": conditions.merged(before.get("conditions"), [condition]),
    }


def total_scale(selected: Iterable[Document], scale_of: Callable[[Document, str], int | None]) -> int:
    """Pods that the controllers of `selected` want; `scale_of(reference, namespace)` knows them. A pod that nobody
    controls, or whose controller has no scale, counts for itself.
    """
    total, known = 0, set()
    for pod in selected:
        reference = owners.controller_of(pod)
        scale = None if reference is None else scale_of(reference, pod["metadata"]["namespace"])
        if reference is None or scale is None:
            total += 1
        elif reference["uid"] not in known:
            known.add(reference["uid"])
            total += scale
    return total


class DisruptionController(Controller[ObjectKey]):
    """Keys are PodDisruptionBudgets."""

    name = "disruption"
    component = "controllermanager"

    def __init__(self, cluster: Cluster, options: Options) -> None:
        super().__init__(cluster, options)
        self._budgets = cluster.informer("poddisruptionbudgets")
        self._pods = cluster.informer("pods")
        self._scaled = {"ReplicaSet": cluster.informer("replicasets"), "Deployment": cluster.informer("deployments")}
        self._budgets.subscribe(self._on_budget)
        self._pods.subscribe(self._on_pod)
        for informer in self._scaled.values():
            informer.subscribe(self._on_scaled)

    def _on_budget(self, _old: Document | None, new: Document | None) -> None:
        if new is not None:
            self.queue.add(key_of(new))

    def _on_pod(self, old: Document | None, new: Document | None) -> None:
        labels = [p["metadata"].get("labels") for p in (old, new) if p is not None]
        for budget in self._budgets.indexed(INDEX_NAMESPACE, (new or old or {})["metadata"]["namespace"]):
            if any(selectors.matches(budget["spec"].get("selector"), some) for some in labels):
                self.queue.add(key_of(budget))

    def _on_scaled(self, old: Document | None, new: Document | None) -> None:
        if new is not None and (old is None or old["spec"].get("replicas") != new["spec"].get("replicas")):
            for budget in self._budgets.indexed(INDEX_NAMESPACE, new["metadata"]["namespace"]):
                self.queue.add(key_of(budget))

    def _scale_of(self, reference: Document, namespace: str) -> int | None:
        """Pods wanted by a controller; a ReplicaSet of a Deployment wants what the Deployment wants."""
        informer = self._scaled.get(reference["kind"])
        owner = informer.get(namespace, reference["name"]) if informer else None
        if owner is None:
            return None
        above = owners.controller_of(owner)
        if above is not None and (scale := self._scale_of(above, namespace)) is not None:
            return scale
        return int(owner["spec"].get("replicas", 1))

    async def reconcile(self, key: ObjectKey) -> None:
        budget = self._budgets.get(*key)
        if budget is None:
            return
        selector = budget["spec"].get("selector")
        in_namespace = self._pods.indexed(INDEX_NAMESPACE, key[0])
        selected = [p for p in in_namespace if selectors.matches(selector, p["metadata"].get("labels"))]
        status = status_of(budget, selected, total_scale(selected, self._scale_of), now())
        before = {"disruptedPods": {}, **budget.get("status", {})}
        if any(before.get(field) != value for field, value in status.items()):
            # In a merge patch a key that is to go must be named.
            forgotten = dict.fromkeys(before["disruptedPods"].keys() - status["disruptedPods"].keys())
            if forgotten:
                status["disruptedPods"] = {**forgotten, **status["disruptedPods"]}
            # Granting an eviction changes the status too: never overwrite one that was not seen.
            version = {"resourceVersion": budget["metadata"]["resourceVersion"]}
            change = {"metadata": version, "status": status}
            await self.cluster.patch("poddisruptionbudgets", budget, change, status=True)
        if budget.get("status", {}).get("disruptedPods"):
            self.queue.add_after(key, GRANTED_FOR.total_seconds())
