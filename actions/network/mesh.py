"""Faults that Chaos Mesh puts into the network of pods, where a cluster has it: one NetworkChaos object per pod."""

import time
from abc import abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self, TypeVar

from pydantic import Field, model_validator

from actions.choice import Choice
from actions.fault import Draft, Fault, Injection, Permission, Plane, RefusedError
from actions.ledger.record import Record
from actions.network.isolation import is_of
from actions.network.mesh_object import NETWORK_CHAOS, is_injected, network_chaos, told
from actions.pods.drafting import draft_of
from actions.pods.present import still_healthy
from actions.selection.arguments import PodSelection
from actions.selection.picking import pick_pods
from actions.systems import Systems
from clients.kube import ConflictError, Kube, NotFoundError

UNDO = "the NetworkChaos object is deleted, and Chaos Mesh puts the pod's network back; it does so by itself at expiry"
PERCENT = "Percent of packets."
IN_PEERS = (
    "direction {}: Chaos Mesh reaches into every pod that peers selects, and breaks what it sends to the picked ones"
)


class NotRecoveredError(Exception):
    """Chaos Mesh has not put a pod's network back (yet)."""


class MeshArguments(PodSelection):
    """Whose network to break, and towards whom."""

    direction: Literal["to", "from", "both"] = Field(
        "to", description="Packets that the pods send (to), get (from), or both; the last two need peers."
    )
    peer_namespace: str = Field("", description="The namespace of the peers; that of the pods by default.")
    peers: dict[str, str] = Field(
        default_factory=dict, description="Labels of the pods on the other side; everybody by default."
    )

    @model_validator(mode="after")
    def _peers_where_needed(self) -> Self:
        if not self.peers and (self.direction != "to" or self.peer_namespace):
            raise ValueError("direction from or both, and peer_namespace, need peers: name their labels, as {app: llm}")
        return self

    @abstractmethod
    def details(self) -> Mapping[str, Any]:
        """What of the object's spec is this kind's own."""

    def between(self) -> Mapping[str, Any]:
        """Direction and peers, as the object's spec has them."""
        if not self.peers:
            return {"direction": self.direction}
        selector = {"namespaces": [self.peer_namespace or self.namespace], "labelSelectors": dict(self.peers)}
        return {"direction": self.direction, "target": {"mode": "all", "selector": selector}}

    def reached(self) -> tuple[str, ...]:
        """The namespace of the peers, where it is in their pods that Chaos Mesh breaks what they send to the picked."""
        return () if self.direction == "to" else (self.peer_namespace or self.namespace,)


M = TypeVar("M", bound=MeshArguments)


class MeshFault(Fault[M]):
    """One kind of damage by Chaos Mesh."""

    action: ClassVar[str]
    """What Chaos Mesh calls it."""
    planes: ClassVar[tuple[Plane, ...]] = ("network", "application")
    undone_within = 60.0

    def plan(self, arguments: M, systems: Systems, choice: Choice) -> Draft:
        kube, namespace = systems.kube, arguments.namespace
        _check_installed(kube, namespace)
        verbs = ("list", "get", "create", "delete")
        permissions = [Permission(verb, NETWORK_CHAOS.plural, NETWORK_CHAOS.group, namespace) for verb in verbs]
        permissions.append(Permission("get", "pods", namespace=namespace))
        draft = draft_of(
            kube,
            pick_pods(kube, arguments, choice),
            undo=UNDO,
            permissions=permissions,
            warnings=(IN_PEERS.format(arguments.direction),) if arguments.reached() else (),
        )
        return replace(draft, namespaces=arguments.reached())

    def inject(self, injection: Injection[M], systems: Systems) -> None:
        kube, target, wanted = systems.kube, injection.target, injection.arguments
        still_healthy(kube, target)
        document = network_chaos(
            injection.tag,
            injection.run,
            target,
            self.action,
            {**wanted.between(), **wanted.details()},
            injection.expires_at - time.time(),
            injection.expires_at,
        )
        with suppress(ConflictError):  # its name is this record's own: an answer was lost
            kube.create(NETWORK_CHAOS, document, target.namespace)

    def in_effect(self, injection: Injection[M], systems: Systems) -> bool:
        return is_injected(systems.kube.get(NETWORK_CHAOS, injection.tag, injection.target.namespace))

    def undo(self, record: Record, systems: Systems) -> None:
        kube, namespace = systems.kube, record.target.namespace
        with suppress(NotFoundError, ConflictError):  # ConflictError: another one has its name by now
            document = kube.get(NETWORK_CHAOS, record.id, namespace)
            if is_of(document, record.run):
                kube.delete(NETWORK_CHAOS, record.id, namespace, uid=document["metadata"]["uid"])

    def undone(self, record: Record, systems: Systems) -> bool:
        """Its finalizer keeps the object until every pod is recovered. Raises NotRecoveredError with what keeps it."""
        try:
            document = systems.kube.get(NETWORK_CHAOS, record.id, record.target.namespace)
        except NotFoundError:
            return True
        if not is_of(document, record.run):
            return True
        where = f"networkchaos/{record.id} in namespace {record.target.namespace}"
        raise NotRecoveredError(f"{where} is still there, and says of its pods: {told(document)}")


class DelayArguments(MeshArguments):
    """How late packets come."""

    latency_ms: int = Field(ge=1, description="Milliseconds by which packets come later.")
    jitter_ms: int = Field(0, ge=0, description="Up to so many milliseconds more or less.")
    correlation: float = Field(0, ge=0, le=100, description="Percent by which a delay depends on the one before.")

    def details(self) -> Mapping[str, Any]:
        delay = {
            "latency": f"{self.latency_ms}ms",
            "jitter": f"{self.jitter_ms}ms",
            "correlation": f"{self.correlation:g}",
        }
        return {"delay": delay}


class LossArguments(MeshArguments):
    """How many packets are lost."""

    percent_lost: float = Field(gt=0, le=100, description=PERCENT)
    correlation: float = Field(0, ge=0, le=100, description="Percent by which a loss depends on the one before.")

    def details(self) -> Mapping[str, Any]:
        return {"loss": {"loss": f"{self.percent_lost:g}", "correlation": f"{self.correlation:g}"}}


class CorruptArguments(MeshArguments):
    """How many packets are damaged."""

    percent_corrupted: float = Field(gt=0, le=100, description=PERCENT)

    def details(self) -> Mapping[str, Any]:
        return {"corrupt": {"corrupt": f"{self.percent_corrupted:g}", "correlation": "0"}}


class MeshPartitionArguments(MeshArguments):
    """From whom pods are cut off."""

    def details(self) -> Mapping[str, Any]:
        return {}


class MeshDelay(MeshFault[DelayArguments]):
    """Delay packets of pods with Chaos Mesh."""

    action = "delay"
    arguments = DelayArguments


class MeshLoss(MeshFault[LossArguments]):
    """Lose packets of pods with Chaos Mesh."""

    action = "loss"
    arguments = LossArguments


class MeshCorrupt(MeshFault[CorruptArguments]):
    """Damage packets of pods with Chaos Mesh."""

    action = "corrupt"
    arguments = CorruptArguments


class MeshPartition(MeshFault[MeshPartitionArguments]):
    """Cut pods off from others with Chaos Mesh."""

    action = "partition"
    arguments = MeshPartitionArguments


def _check_installed(kube: Kube, namespace: str) -> None:
    try:
        kube.find(NETWORK_CHAOS, namespace, metadata_only=True)
    except NotFoundError as error:
        raise RefusedError(
            "this cluster has no NetworkChaos (chaos-mesh.org/v1alpha1): install Chaos Mesh, or use network.partition, "
            "or the faults of a Toxiproxy's paths"
        ) from error
