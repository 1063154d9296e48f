"""The shape of a fault: what one kind of damage has to say of itself, and nothing about who uses it.

A family is a module of `actions/`: for each fault a subclass of Fault, and at its end a line that makes it an action of
Chaos Toolkit, under the name that experiments use:

    kill = register("pods.kill", PodKill())

Plan, guard, ledger, recovery and reaper know faults by that name alone (see docs/writing-a-fault.md).
"""

import importlib
import inspect
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue

if TYPE_CHECKING:
    from actions.choice import Choice
    from actions.ledger.record import Record
    from actions.systems import Systems

Plane = Literal["kubernetes-api", "dcgm-cache", "kernel-log", "nvml", "network", "application", "alerting"]
"""What can see a fault. Detectors listen to one plane each, so a fault on one proves nothing of the others."""

System = Literal["kubernetes", "toxiproxy", "node-killer", "alertmanager"]
"""What an undo has to reach."""

TargetKind = Literal["pod", "node", "secret", "path", "object", "alert"]
"""Kinds of targets. A path is one of the network; an object is one of Kubernetes that a fault makes; an alert is one
that is kept from being sent."""


class RefusedError(Exception):
    """A fault that must not go in: what was asked, which limit it meets, and what to change. Nothing was touched."""


class Arguments(BaseModel):
    """The arguments of an action, as the experiment gives them; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True, slots=True)
class Permission:
    """One thing that inject or undo asks of the Kubernetes API, in the words of a Role. No namespace: cluster-wide."""

    verb: str
    resource: str
    """Plural, with its subresource where it has one: `pods/eviction`."""
    group: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """One concrete object picked for a fault. It is written into plans, ledger and journal: never put a secret in it.

    `details` is what else tells this very object, or says where it is: its node, container, workload, address.
    """

    kind: TargetKind
    name: str
    namespace: str = ""
    uid: str = ""
    details: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Affected:
    """A workload that loses capacity: `pods` of its `ready` pods (names) are gone or useless while the fault lasts.

    In a gang no pod is of use without all others. `gpus` are those that stand still meanwhile: the lost pods', in a
    gang everybody's. `workload` reads `deployment/llm`.
    """

    workload: str
    namespace: str
    ready: int
    pods: tuple[str, ...]
    gang: bool = False
    gpus: int = 0


@dataclass(frozen=True, slots=True)
class DisruptionBudget:
    """A PodDisruptionBudget over planned targets: it allows `allowed` evictions now, and the fault takes `taken`.

    `respected` says whether this fault asks it (an eviction does, a deletion does not).
    """

    name: str
    namespace: str
    allowed: int
    taken: int
    respected: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """What one action would do: its targets, their price, and what it takes. Made without a single write.

    `nodes` are those taken out of service, `gpus` those that vanish without a workload of `affected` holding them.
    `namespaces` are those in which it reaches further pods than `targets` and `affected` name.
    `candidates` is how many objects the selector matched. `locks` name what no other run may touch meanwhile, such as
    `workload:ml-serving/deployment/llm`, `node:gpu-a`, `secret:ml-serving/gateway-tls`, `path:HOST:PORT/NAME`.
    `undo` says in words what will put it back.
    """

    targets: tuple[Target, ...]
    undo: str
    locks: tuple[str, ...]
    permissions: tuple[Permission, ...] = ()
    affected: tuple[Affected, ...] = ()
    nodes: tuple[str, ...] = ()
    gpus: int = 0
    namespaces: tuple[str, ...] = ()
    budgets: tuple[DisruptionBudget, ...] = ()
    candidates: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Injection(Generic[A]):
    """One target of one action, about to be hit, with what the ledger already holds of it.

    `undo` are the arguments that `undo` will get; `expires_at` is in seconds since the epoch. `tag` names the record: a
    DNS label of at most 63 characters to put into whatever the fault makes, so that it can be found without the ledger.
    """

    run: str
    tag: str
    target: Target
    arguments: A
    undo: Mapping[str, JsonValue]
    expires_at: float


class Fault(ABC, Generic[A]):
    """One kind of damage. Instances have no state: what one call has to tell a later one is in the ledger's record.

    Every method may be called again, in another process, after a crash at any line of another. Errors of clients pass
    through: the caller retries what is transient, and calls `undo` again.
    """

    arguments: type[A]
    planes: ClassVar[tuple[Plane, ...]]
    needs: ClassVar[tuple[System, ...]] = ("kubernetes",)
    lasts: ClassVar[bool] = True
    """Whether the damage stays until `undo`; what is killed is hit once, and heals without it."""
    effect_within: ClassVar[float] = 15.0
    """Seconds after `inject` within which `in_effect` has to hold."""
    undone_within: ClassVar[float] = 30.0
    """Seconds after `undo` within which `undone` has to hold."""

    @abstractmethod
    def plan(self, arguments: A, systems: "Systems", choice: "Choice") -> Draft:
        """Targets and price. Reads only. Raises RefusedError; a selector that finds no target is one."""

    def undo_arguments(self, target: Target, arguments: A, systems: "Systems") -> dict[str, JsonValue]:
        """What `undo` must know beyond the target, such as the value before. Reads only; never a secret."""
        del target, arguments, systems
        return {}

    @abstractmethod
    def inject(self, injection: Injection[A], systems: "Systems") -> None:
        """Break the target, and that very one: RefusedError when it is not what was planned any more."""

    @abstractmethod
    def in_effect(self, injection: Injection[A], systems: "Systems") -> bool:
        """Is the damage there? Asked again until it is, for `effect_within` seconds."""

    def still_in_effect(self, injection: Injection[A], systems: "Systems") -> bool:
        """Does it last, right before it is undone? If not, it ended by itself or by other hands, and proves nothing.

        Of an event (a kill), and of what the system under test is expected to put right, that is no question: True.
        """
        return self.in_effect(injection, systems)

    @abstractmethod
    def undo(self, record: "Record", systems: "Systems") -> None:
        """Put it back. Idempotent; quiet where nothing was injected, or the target is gone for good."""

    @abstractmethod
    def undone(self, record: "Record", systems: "Systems") -> bool:
        """Is nothing of the fault left? Asked again until so, for `undone_within` seconds."""


_faults: dict[str, Fault[Any]] = {}
FOLDER = "actions"


def register(name: str, fault: Fault[A]) -> Callable[..., dict[str, Any]]:
    """Make `fault` known as `name` (`<module>.<function>`) and give the function that Chaos Toolkit calls.

    The function's signature is that of the arguments, so that `chaos validate` checks it.
    """
    from actions.injecting import inject_planned

    def action(**arguments: Any) -> dict[str, Any]:
        return inject_planned(name, arguments)

    _faults[name] = fault
    action.__name__ = action.__qualname__ = name.rpartition(".")[2]
    action.__module__ = f"{FOLDER}.{name.rpartition('.')[0]}"
    action.__doc__ = f"Action: {(inspect.getdoc(fault) or name)}"
    fields = fault.arguments.model_fields.items()
    ordered = sorted(fields, key=lambda item: not item[1].is_required())
    action.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # functions may have one, says inspect
        [
            inspect.Parameter(
                key,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if value.is_required() else value.default,
                annotation=value.annotation,
            )
            for key, value in ordered
        ]
    )
    return action


class UnknownFaultError(Exception):
    """No fault has this name here: a record of a newer release, or of a family that is not installed."""


def fault_named(name: str) -> Fault[Any]:
    """The fault that is registered as `name`, its module imported if need be. Raises UnknownFaultError.

    Names come out of ledgers, which others can write: only modules of `actions` are ever imported.
    """
    module, _, function = name.rpartition(".")
    if name not in _faults and module.isidentifier() and function.isidentifier():
        try:
            importlib.import_module(f"{FOLDER}.{module}")
        except ModuleNotFoundError as error:
            raise UnknownFaultError(f"there is no fault family {module!r} here: {error}") from error
    if name not in _faults:
        raise UnknownFaultError(
            f"there is no fault {name!r} here; is this mlchaos older than the one that injected it?"
        )
    return _faults[name]


def known_faults() -> tuple[str, ...]:
    """The names of all faults that are installed here, sorted; every module of `actions` is imported for it."""
    folder = importlib.import_module(FOLDER)
    installed = {module.name for module in pkgutil.iter_modules(folder.__path__)}
    for name in installed:
        importlib.import_module(f"{FOLDER}.{name}")
    return tuple(sorted(name for name in _faults if name.rpartition(".")[0] in installed))
