"""The scheduler's picture of the cluster: nodes, and the pods on them including those just sent there."""

import json
from dataclasses import dataclass
from functools import cached_property

from lab.controllers import owners, pods, selectors
from lab.controllers.scheduling.demand import Amounts, capacity_of, demand_of
from lab.kubeclient import Document

MOST_SELECTIONS = 64


@dataclass(frozen=True)
class Selection:
    """Pods that a rule means: by namespace (None is any), label selector (as JSON), and whether those that go count."""

    namespaces: frozenset[str] | None
    selector_text: str
    with_terminating: bool

    @classmethod
    def of(cls, selector: Document | None, namespaces: frozenset[str] | None, *, with_terminating: bool) -> "Selection":
        """The selection by a metav1.LabelSelector."""
        return cls(namespaces, json.dumps(selector, sort_keys=True), with_terminating)

    @cached_property
    def _selector(self) -> Document | None:
        selector: Document | None = json.loads(self.selector_text)
        return selector

    def means(self, pod: Document) -> bool:
        """Whether `pod` is one of them."""
        metadata = pod["metadata"]
        inside = self.namespaces is None or metadata["namespace"] in self.namespaces
        counted = self.with_terminating or not pods.is_terminating(pod)
        return inside and counted and selectors.matches(self._selector, metadata.get("labels"))


class Place:
    """A node and what is on it. A place without a node document only keeps count of pods bound to that name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.node: Document | None = None
        self.capacity: Amounts = {}
        self.used: dict[str, int] = {}
        self.pods: dict[str, Document] = {}
        self.of_owner: dict[str, int] = {}
        self.repelling: dict[str, Document] = {}
        self._demands: dict[str, Amounts] = {}
        self._selected: dict[Selection, set[str]] = {}

    def set_node(self, node: Document) -> None:
        """The node is there, or has changed."""
        self.node, self.capacity = node, capacity_of(node)

    @property
    def labels(self) -> dict[str, str]:
        """The node's labels."""
        return (self.node or {"metadata": {}})["metadata"].get("labels") or {}

    def put(self, pod: Document) -> None:
        """Count `pod`, or take note of how it has changed."""
        uid = pod["metadata"]["uid"]
        if uid not in self.pods:
            self._demands[uid] = demand_of(pod)
            self._add(pod, self._demands[uid], 1)
        self.pods[uid] = pod
        for selection, selected in self._selected.items():
            (selected.add if selection.means(pod) else selected.discard)(uid)
        if repels(pod):
            self.repelling[uid] = pod

    def take(self, uid: str) -> None:
        """Count the pod no longer."""
        pod = self.pods.pop(uid, None)
        if pod is not None:
            self._add(pod, self._demands.pop(uid), -1)
            self.repelling.pop(uid, None)
            for selected in self._selected.values():
                selected.discard(uid)

    def count(self, selection: Selection) -> int:
        """Pods here that `selection` means; counted once and then kept, since rules come in bursts of equal ones."""
        selected = self._selected.get(selection)
        if selected is None:
            if len(self._selected) >= MOST_SELECTIONS:
                self._selected.clear()
            selected = self._selected[selection] = {uid for uid, pod in self.pods.items() if selection.means(pod)}
        return len(selected)

    def _add(self, pod: Document, demand: Amounts, sign: int) -> None:
        for name, amount in demand.items():
            self.used[name] = self.used.get(name, 0) + sign * amount
        if (owner := owners.controller_of(pod)) is not None:
            self.of_owner[owner["uid"]] = self.of_owner.get(owner["uid"], 0) + sign


def repels(pod: Document) -> bool:
    """Whether the pod keeps others away by required anti-affinity."""
    affinity = (pod["spec"].get("affinity") or {}).get("podAntiAffinity") or {}
    return bool(affinity.get("requiredDuringSchedulingIgnoredDuringExecution"))


class Places:
    """All places, kept up to date pod by pod."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}
        self._where: dict[str, str] = {}

    def nodes(self) -> list[Place]:
        """The places that are nodes."""
        return [place for place in self._places.values() if place.node is not None]

    def set_node(self, node: Document) -> None:
        """A node is there, or has changed."""
        self._place(node["metadata"]["name"]).set_node(node)

    def remove_node(self, name: str) -> None:
        """A node has gone; its pods are still bound to it."""
        self._place(name).node = None

    def _place(self, name: str) -> Place:
        return self._places.setdefault(name, Place(name))

    def set_pod(self, pod: Document) -> None:
        """A bound pod is there, or has changed; one that is finished holds nothing any more."""
        uid, name = pod["metadata"]["uid"], pods.node_of(pod)
        before = self._where.get(uid)
        if pods.is_finished(pod) or (before is not None and name and before != name):
            self.remove_pod(uid)
        if name and not pods.is_finished(pod):
            self._where[uid] = name
            self._place(name).put(pod)

    def assume(self, pod: Document, name: str) -> None:
        """Count `pod` on a node that it is about to be bound to."""
        self.set_pod({**pod, "spec": {**pod["spec"], "nodeName": name}})

    def remove_pod(self, uid: str) -> None:
        """The pod is gone, or was not bound after all."""
        name = self._where.pop(uid, None)
        if name is not None:
            self._places[name].take(uid)

    def holds(self, uid: str) -> bool:
        """Whether the pod is bound or about to be."""
        return uid in self._where
