"""Pods are cut off from the network by a NetworkPolicy of their own."""

from collections.abc import Mapping
from contextlib import suppress
from typing import ClassVar

from pydantic import Field

from actions.choice import Choice
from actions.fault import Draft, Fault, Injection, Permission, Plane, RefusedError, Target
from actions.ledger.record import Record
from actions.network.isolation import Direction, deny_all, expiry, is_of, letting_through, mark_of
from actions.pods.drafting import draft_of
from actions.pods.present import still_healthy
from actions.selection.arguments import PodSelection
from actions.selection.picking import pick_pods
from actions.selection.pod import Pod
from actions.systems import Systems
from clients.kube import PODS, ConflictError, Document, Kube, NotFoundError, Resource

POLICIES = Resource("networkpolicies", "networking.k8s.io")
CAVEATS = (
    "the API does not tell whether the cluster's network plugin enforces NetworkPolicies: a probe has to",
    "connections that are open already, traffic from the pod's own node (kubelet's probes) and RDMA may go on",
)


class PartitionArguments(PodSelection):
    """Which pods to cut off, and from what."""

    direction: Direction = Field(
        "both", description="ingress: nothing comes in; egress: nothing gets out, DNS included; both."
    )


class Partition(Fault[PartitionArguments]):
    """Cut pods off by a NetworkPolicy that lets nothing through.

    Each picked pod gets a label of its own, and the policy selects that: no pod that comes up later is caught by it.
    """

    arguments = PartitionArguments
    planes: ClassVar[tuple[Plane, ...]] = ("network", "application", "kubernetes-api")
    effect_within = 5.0

    def plan(self, arguments: PartitionArguments, systems: Systems, choice: Choice) -> Draft:
        kube, namespace = systems.kube, arguments.namespace
        picked = pick_pods(kube, arguments, choice)
        policies = kube.find(POLICIES, namespace)
        for pod in picked.pods:
            _check_isolated(kube, pod, policies, arguments.direction)
        verbs = ("list", "get", "create", "delete")
        permissions = [Permission(verb, POLICIES.plural, POLICIES.group, namespace) for verb in verbs]
        permissions += [Permission(verb, "pods", namespace=namespace) for verb in ("get", "patch")]
        undo = "the NetworkPolicy is deleted, and the pod's label that it selects taken off"
        return draft_of(kube, picked, undo=undo, permissions=permissions, warnings=CAVEATS)

    def inject(self, injection: Injection[PartitionArguments], systems: Systems) -> None:
        kube, target = systems.kube, injection.target
        still_healthy(kube, target)
        policy = deny_all(
            injection.tag, target.namespace, injection.run, injection.expires_at, injection.arguments.direction
        )
        with suppress(ConflictError):  # its name is this record's own: an answer was lost
            kube.create(POLICIES, policy, target.namespace)
        label = {mark_of(injection.tag): expiry(injection.expires_at)}
        if not _patch_labels(kube, target, label):
            raise RefusedError(f"{target} went away before it could be hit")

    def in_effect(self, injection: Injection[PartitionArguments], systems: Systems) -> bool:
        kube, target = systems.kube, injection.target
        pod = _present(kube, target)
        if pod is None or mark_of(injection.tag) not in (pod["metadata"].get("labels") or {}):
            return False
        return _policy(kube, target.namespace, injection.tag) is not None

    def undo(self, record: Record, systems: Systems) -> None:
        kube, target = systems.kube, record.target
        policy = _policy(kube, target.namespace, record.id)
        if policy is not None and is_of(policy, record.run):
            with suppress(NotFoundError, ConflictError):  # ConflictError: another one has its name by now
                kube.delete(POLICIES, record.id, target.namespace, uid=policy["metadata"]["uid"])
        pod = _present(kube, target)
        if pod is not None and mark_of(record.id) in (pod["metadata"].get("labels") or {}):
            _patch_labels(kube, target, {mark_of(record.id): None})

    def undone(self, record: Record, systems: Systems) -> bool:
        kube, target = systems.kube, record.target
        pod = _present(kube, target)
        marked = pod is not None and mark_of(record.id) in (pod["metadata"].get("labels") or {})
        policy = _policy(kube, target.namespace, record.id)
        return not marked and (policy is None or not is_of(policy, record.run))


def _check_isolated(kube: Kube, pod: Pod, policies: list[Document], direction: Direction) -> None:
    """Refuse a pod that a policy of ours would not cut off."""
    through = letting_through(policies, pod.labels, direction)
    if through:
        raise RefusedError(
            f"pod {pod.name} would not be cut off: NetworkPolicies only add up, and {', '.join(through)} let some of "
            "its traffic through; take another direction, or break a path instead"
        )
    if (kube.get(PODS, pod.name, pod.namespace).get("spec") or {}).get("hostNetwork"):
        raise RefusedError(f"pod {pod.name} is in the node's network, which no NetworkPolicy is about")


def _patch_labels(kube: Kube, target: Target, labels: Mapping[str, str | None]) -> bool:
    """Change labels of this very pod; False when it is gone."""
    try:
        kube.patch(PODS, target.name, {"metadata": {"uid": target.uid, "labels": labels}}, target.namespace)
    except (NotFoundError, ConflictError):
        return False
    return True


def _present(kube: Kube, target: Target) -> Document | None:
    try:
        pod = kube.get(PODS, target.name, target.namespace)
    except NotFoundError:
        return None
    return pod if pod["metadata"]["uid"] == target.uid else None


def _policy(kube: Kube, namespace: str, name: str) -> Document | None:
    try:
        return kube.get(POLICIES, name, namespace)
    except NotFoundError:
        return None
