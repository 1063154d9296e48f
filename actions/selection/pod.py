"""Pods as a choice sees them: first by their metadata alone, then, once picked, in full. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from actions.fault import Target

_FINISHED = ("Succeeded", "Failed")
_GPU_PREFIXES = ("nvidia.com/mig-", "gpu.intel.com/")


@dataclass(frozen=True, slots=True)
class Owner:
    """The controller of an object. `group` is its API group: two kinds of different makers may have one name."""

    kind: str
    name: str
    uid: str
    group: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pod that a selector matched, by its metadata alone."""

    namespace: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a pod. `id` changes with every restart; empty where it has none now."""

    name: str
    id: str = ""
    running: bool = False
    liveness_seconds: float | None = None
    """After how many seconds without an answer its liveness probe has it restarted; None where it has none."""


@dataclass(frozen=True, slots=True)
class Pod:
    """What matters of a pod that is to be taken. `gpus` are those it holds, of whatever maker."""

    namespace: str
    name: str
    uid: str
    node: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    owner: Owner | None = None
    ready: bool = False
    terminating: bool = False
    finished: bool = False
    gpus: int = 0
    containers: tuple[Container, ...] = ()
    restart_policy: str = "Always"
    shared_processes: bool = False
    """Its containers see each other's processes, or the node's."""

    @property
    def healthy(self) -> bool:
        """Worth breaking: one that is broken already would prove nothing."""
        return self.ready and not self.terminating and not self.finished

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Pod":
        metadata, spec, status = document["metadata"], document.get("spec") or {}, document.get("status") or {}
        conditions = {condition["type"]: condition["status"] for condition in status.get("conditions") or ()}
        return cls(
            namespace=metadata["namespace"],
            name=metadata["name"],
            uid=metadata["uid"],
            node=spec.get("nodeName") or "",
            labels=metadata.get("labels") or {},
            annotations=metadata.get("annotations") or {},
            owner=controller_of(metadata),
            ready=conditions.get("Ready") == "True",
            terminating="deletionTimestamp" in metadata,
            finished=status.get("phase") in _FINISHED,
            gpus=gpus_of(spec),
            containers=tuple(_containers(spec, status)),
            restart_policy=spec.get("restartPolicy") or "Always",
            shared_processes=bool(spec.get("shareProcessNamespace") or spec.get("hostPID")),
        )

    def target(self, **details: str) -> Target:
        """This very pod as a target."""
        return Target("pod", self.name, self.namespace, self.uid, {"node": self.node, **details})


def controller_of(metadata: Mapping[str, Any]) -> Owner | None:
    """The controller among an object's owners."""
    for owner in metadata.get("ownerReferences") or ():
        if owner.get("controller"):
            group, slash, _ = (owner.get("apiVersion") or "").partition("/")
            return Owner(owner["kind"], owner["name"], owner["uid"], group if slash else "")
    return None


def gpus_of(spec: Mapping[str, Any]) -> int:
    """The GPUs (or slices of them) that a pod's containers hold together."""
    return sum(
        int(amount)
        for container in spec.get("containers") or ()
        for name, amount in ((container.get("resources") or {}).get("limits") or {}).items()
        if (name.endswith("/gpu") or name.startswith(_GPU_PREFIXES)) and str(amount).isdigit()
    )


def _containers(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Iterable[Container]:
    states = {state["name"]: state for state in status.get("containerStatuses") or ()}
    for container in spec.get("containers") or ():
        state = states.get(container["name"]) or {}
        yield Container(
            name=container["name"],
            id=state.get("containerID") or "",
            running="running" in (state.get("state") or {}),
            liveness_seconds=_patience(container.get("livenessProbe")),
        )


def _patience(probe: Mapping[str, Any] | None) -> float | None:
    if not probe:
        return None
    return float(probe.get("periodSeconds") or 10) * float(probe.get("failureThreshold") or 3)
