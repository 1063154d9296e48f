"""Values injected into DCGM: a GPU looks broken to whoever reads DCGM, and works on."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, TypeVar

from pydantic import Field, JsonValue

from actions.choice import Choice
from actions.fault import Draft, Fault, Injection, Permission, RefusedError, Target
from actions.gpus.dcgm import Place
from actions.gpus.host_engine import DcgmError, HostEngine, dcgm_pods
from actions.gpus.repair import repairs
from actions.ledger.record import Record
from actions.nodes.arguments import NodeArguments
from actions.nodes.node import NODES, Node, read_node
from actions.nodes.selection import choose_nodes, find_nodes, lock_of, target_of
from actions.systems import Systems
from clients.kube import Kube, NotFoundError

PLANE_WARNING = (
    "only readers of DCGM see this (dcgm-exporter, DCGM health checks, the EKS node monitoring agent, NVSentinel's GPU "
    "health monitor): the kernel log, NVML and NVIDIA's device plugin see a healthy GPU, so what listens to those and "
    "stays quiet proves nothing"
)


class DcgmArguments(NodeArguments):
    """Which GPU of the nodes, and where their DCGM is."""

    gpu: int = Field(default=0, ge=0, le=255, description="DCGM's number of the GPU on each node.")
    dcgm_namespace: str = Field(default="gpu-operator", min_length=1, description="Namespace of the DCGM pods.")
    dcgm_selector: str = Field(
        default="app=nvidia-dcgm-exporter",
        min_length=1,
        description="Labels of the pods that have `dcgmi`, one on each node.",
    )
    dcgm_container: str = Field(default="", description="Their container; the first one where it is empty.")
    dcgm_host: str = Field(
        default="",
        pattern=r"^([A-Za-z0-9][-A-Za-z0-9.]*(:\d{1,5})?)?$",
        description="Address of the host engine, where it is not in that pod: nvidia-dcgm.gpu-operator.svc:5555.",
    )


A = TypeVar("A", bound=DcgmArguments)


class DcgmFault(Fault[A]):
    """What is common to injected values."""

    planes = ("dcgm-cache",)
    undone_within = 30.0
    polled: ClassVar[bool]
    """DCGM reads the field from the driver again and again, so looking at it may wipe out what was injected."""

    @abstractmethod
    def damage(self, arguments: A) -> tuple[int, int]:
        """The field and the value that says that it is broken."""

    @abstractmethod
    def restored(self, arguments: A, shown: int | None) -> int:
        """The value that the undo injects; `shown` is what the field shows before."""

    @abstractmethod
    def undo_note(self) -> str:
        """What is known of this undo; in the record too."""

    @abstractmethod
    def warnings(self, arguments: A) -> tuple[str, ...]:
        """What is special about the field."""

    def plan(self, arguments: A, systems: Systems, choice: Choice) -> Draft:
        found = find_nodes(systems.kube, arguments)
        pods = dcgm_pods(systems.kube, arguments.dcgm_namespace, arguments.dcgm_selector)

        def unfit(node: Node) -> str:
            if node.name not in pods:
                return f"no pod {arguments.dcgm_selector!r} of namespace {arguments.dcgm_namespace} runs on it"
            return "" if arguments.gpu < node.gpus else f"it has {node.gpus} GPUs, and none with number {arguments.gpu}"

        nodes = choose_nodes(found, arguments, choice, unfit)
        targets = tuple(target_of(node, gpu=str(arguments.gpu)) for node in nodes)
        at_risk = {node.name: repairs(node, *self.damage(arguments)) for node in nodes}
        return Draft(
            targets=targets,
            undo=self.undo_note(),
            locks=tuple(lock_of(target) for target in targets),
            permissions=(
                Permission("list", "nodes"),
                Permission("get", "nodes"),
                Permission("list", "pods", namespace=arguments.dcgm_namespace),
                Permission("get", "pods/exec", namespace=arguments.dcgm_namespace),
                Permission("create", "pods/exec", namespace=arguments.dcgm_namespace),
            ),
            # A GPU that its detectors call broken is out of use, and where they repair, its node is.
            nodes=tuple(name for name, risks in at_risk.items() if risks),
            gpus=len(nodes),
            candidates=len(found),
            warnings=(
                PLANE_WARNING,
                *self.warnings(arguments),
                *(risk for risks in at_risk.values() for risk in risks),
            ),
        )

    def undo_arguments(self, target: Target, arguments: A, systems: Systems) -> dict[str, JsonValue]:
        field, value = self.damage(arguments)
        engine = HostEngine(
            systems.kube, target.name, arguments.dcgm_namespace, arguments.dcgm_selector, arguments.dcgm_container
        )
        shown = engine.read(Place(arguments.gpu, field, arguments.dcgm_host))
        if shown == value:
            raise RefusedError(f"GPU {arguments.gpu} of node {target.name} shows {value} in field {field} already")
        return {
            "namespace": arguments.dcgm_namespace,
            "selector": arguments.dcgm_selector,
            "container": arguments.dcgm_container,
            "host": arguments.dcgm_host,
            "gpu": arguments.gpu,
            "field": field,
            "injected": value,
            "restore": self.restored(arguments, shown),
            "note": self.undo_note(),
        }

    def inject(self, injection: Injection[A], systems: Systems) -> None:
        node = _node(systems.kube, injection.target.name)
        if node is None or node.uid != injection.target.uid:
            raise RefusedError(f"node {injection.target.name} is gone since the plan, or was registered anew")
        _, value = self.damage(injection.arguments)
        engine, place = _reached(systems.kube, injection.target.name, injection.undo)
        engine.inject(place, value)

    def in_effect(self, injection: Injection[A], systems: Systems) -> bool:
        """Shown by DCGM; of a polled field, that DCGM has accepted it is all there is to know (`inject` made sure)."""
        if self.polled:
            return True
        engine, place = _reached(systems.kube, injection.target.name, injection.undo)
        return engine.read(place) == self.damage(injection.arguments)[1]

    def undo(self, record: Record, systems: Systems) -> None:
        """Where the field still shows what was injected; what it shows otherwise came after it, and is true."""
        if _node(systems.kube, record.target.name) is None:
            return
        engine, place = _reached(systems.kube, record.target.name, record.undo.args)
        if engine.read(place) == _number(record.undo.args, "injected"):
            engine.inject(place, _number(record.undo.args, "restore"))

    def undone(self, record: Record, systems: Systems) -> bool:
        if _node(systems.kube, record.target.name) is None:
            return True
        engine, place = _reached(systems.kube, record.target.name, record.undo.args)
        return engine.read(place) != _number(record.undo.args, "injected")


def _reached(kube: Kube, node: str, known: Mapping[str, JsonValue]) -> tuple[HostEngine, Place]:
    engine = HostEngine(kube, node, str(known["namespace"]), str(known["selector"]), str(known["container"]))
    return engine, Place(_number(known, "gpu"), _number(known, "field"), str(known["host"]))


def _number(known: Mapping[str, JsonValue], key: str) -> int:
    value = known.get(key)
    if not isinstance(value, int):
        raise DcgmError(f"the record's undo has no number {key!r}: it was not written by this mlchaos")
    return value


def _node(kube: Kube, name: str) -> Node | None:
    try:
        return read_node(kube.get(NODES, name))
    except NotFoundError:
        return None
