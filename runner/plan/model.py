"""A plan: the targets of an experiment, their price, and every limit that it meets or exceeds. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from actions.fault import DisruptionBudget, Permission
from actions.planned import PlannedFault
from runner.allowance.month import Allowance
from runner.experiment.guard_block import GuardBlock
from slos.model import Slo


@dataclass(frozen=True, slots=True)
class Capacity:
    """A workload before and while the faults are in: `lost` of its `ready` pods are gone or useless.

    Of a gang all are useless as soon as one is: `hit` are those that a fault really hits. `gpus` stand still meanwhile.
    """

    workload: str
    namespace: str
    ready: int
    hit: tuple[str, ...]
    gang: bool
    gpus: int

    @property
    def lost(self) -> int:
        return self.ready if self.gang and self.hit else min(len(self.hit), self.ready)

    @property
    def after(self) -> int:
        return self.ready - self.lost

    @property
    def share(self) -> float:
        """Lost of all ready ones, 0..1; of a workload without a ready pod everything is lost."""
        return self.lost / self.ready if self.ready else 1.0


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of what may be broken the plan uses; `allowed` is None where the other limits alone hold.

    `key` is where the block declares it, below `blast_radius`.
    """

    name: str
    key: str
    used: float
    allowed: float | None
    unit: str = ""
    detail: str = ""

    @property
    def exceeded(self) -> bool:
        return self.allowed is not None and self.used > self.allowed + 1e-9


@dataclass(frozen=True, slots=True)
class Violation:
    """Why this may not run: what is wrong, and what to change. `about` is a limit, an activity or a permission."""

    about: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.about}: {self.message}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class Spend:
    """What an SLO's error budget may lose, as shares of it (1 is all): `most` at the worst, then the run is ended.

    `past` is what the last runs of this experiment spent, oldest first; empty where none is known.
    """

    slo: str
    most: float
    past: tuple[float, ...] = ()

    @property
    def expected(self) -> float | None:
        """The median of the last runs."""
        ordered = sorted(self.past)
        middle = len(ordered) // 2
        if not ordered:
            return None
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


@dataclass(frozen=True, slots=True)
class PermissionCheck:
    """A permission that injecting or undoing takes, and whether we have it; None where that cannot be found out."""

    permission: Permission
    granted: bool | None
    problem: str = ""

    @property
    def rule(self) -> str:
        """The rule of a Role that grants it."""
        one = self.permission
        role = f"a Role in namespace {one.namespace}" if one.namespace else "a ClusterRole"
        return f"{role} with verb {one.verb} on {one.resource}{f' ({one.group})' if one.group else ''}"


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a run would be let in at the moment of the look: what refuses it, what is not known, who was asked.

    `allowances` is how the month stands of each SLO that has an allowance for chaos. `warnings` keep no run out.
    """

    refused: tuple[str, ...]
    unknown: tuple[str, ...]
    asked: tuple[str, ...]
    allowances: tuple[Allowance, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def admitted(self) -> bool | None:
        """None: it is not known."""
        return False if self.refused else None if self.unknown else True

    @property
    def reasons(self) -> tuple[str, ...]:
        return (*self.refused, *self.unknown)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run of this experiment would do now. The same `seed` in the same world gives the same `digest`."""

    title: str
    place: str
    """The cluster, in words; empty where no fault reaches one."""
    seed: int
    digest: str
    guard: GuardBlock
    slos: tuple[Slo, ...]
    faults: tuple[PlannedFault, ...]
    capacity: tuple[Capacity, ...]
    limits: tuple[Limit, ...]
    violations: tuple[Violation, ...]
    spend: tuple[Spend, ...]
    permissions: tuple[PermissionCheck, ...] = ()
    warnings: tuple[str, ...] = ()
    planes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What can see each fault, by its name."""

    @property
    def token(self) -> str:
        """What makes a run pick these targets, or refuse: the value of MLCHAOS_PLAN."""
        return f"{self.seed}-{self.digest}"

    @property
    def locks(self) -> tuple[str, ...]:
        """What no other run may touch meanwhile."""
        return tuple(sorted({lock for fault in self.faults for lock in fault.draft.locks}))

    @property
    def budgets(self) -> tuple[DisruptionBudget, ...]:
        return tuple(budget for fault in self.faults for budget in fault.draft.budgets)

    @property
    def allowed(self) -> bool:
        """Whether nothing speaks against running it."""
        return not self.violations
