"""Makes the plan of an experiment: reads the world, writes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from actions.choice import Choice
from actions.fault import Fault, Permission, RefusedError, UnknownFaultError, fault_named
from actions.planned import PlannedFault
from actions.systems import Systems
from clients.json_http import HttpError
from clients.kube_errors import ForbiddenError, TransientError
from clients.node_killer import NodeKillerError
from clients.toxiproxy import ToxiproxyError
from runner.experiment.faults import FaultAction, fault_actions
from runner.experiment.guard_block import GuardBlock, guard_blocks
from runner.experiment.slo_names import find_slos
from runner.plan.digest import digest
from runner.plan.history import Past, nothing_past, spends
from runner.plan.limits import exceeded, limits, outside, passed_budgets, refused_evictions, twice
from runner.plan.model import PermissionCheck, Plan, Spend, Violation
from runner.plan.permissions import check_permissions, ledger_permissions, missing
from runner.plan.price import price

PATIENCE_SECONDS = 3.0
"""How long a cluster that cannot answer is asked again: a longer wait would hide an outage."""


class PlanError(RefusedError):
    """The experiment does not check out, so that it cannot be planned (see runner.experiment.check)."""


class UnansweredError(RefusedError):
    """A system that has to be asked does not answer, so nothing is known of what would be hit."""


def make_plan(
    experiment: Mapping[str, Any],
    configuration: Mapping[str, Any],
    secrets: Mapping[str, Any],
    systems: Systems,
    seed: int,
    past: Past = nothing_past,
) -> Plan:
    """What a run of `experiment` with this (resolved) configuration would do now. Nothing is written.

    Whatever speaks against it is in `violations`: limits, selectors that find nothing, permissions that are missing.
    A cluster that answers 429 or 500 is asked anew for PATIENCE_SECONDS. Raises PlanError for an experiment that does
    not check out, KubeError or UnansweredError where a system does not answer, LedgerError where it is not clear where
    the ledger is.
    """
    asking = Retrying(
        stop=stop_after_delay(PATIENCE_SECONDS),
        wait=wait_exponential(multiplier=0.2, max=1.0),
        retry=retry_if_exception_type(TransientError),
        reraise=True,
    )
    plan: Plan = asking(_look_once, experiment, configuration, secrets, systems, seed, past)
    return plan


def _look_once(
    experiment: Mapping[str, Any],
    configuration: Mapping[str, Any],
    secrets: Mapping[str, Any],
    systems: Systems,
    seed: int,
    past: Past,
) -> Plan:
    guard = _guard(experiment, configuration)
    named = find_slos(guard.slos)
    if named.unknown:
        raise PlanError("; ".join(f"{one.message}; {one.remedy}" for one in named.unknown))
    drafted = [
        _draft(action, secrets, systems, Choice(seed, index))
        for index, action in enumerate(fault_actions(experiment, configuration))
    ]
    faults = tuple(one.planned for one in drafted if one.planned is not None)
    if not drafted:
        raise PlanError("the method has no fault, so there is nothing to plan")
    radius = guard.blast_radius
    cost = price([fault.draft for fault in faults])
    used = limits(radius, cost)
    checks = _permissions(faults, systems)
    title = str(experiment.get("title", ""))
    spend = spends(named.slos, radius.error_budget.max_spend_ratio, past(title))
    return Plan(
        title=title,
        place=systems.kube.place if _reaches_cluster(faults) else "",
        seed=seed,
        digest=digest(title, guard, faults),
        guard=guard,
        slos=named.slos,
        faults=faults,
        capacity=cost.capacity,
        limits=used,
        violations=(
            *(one.refusal for one in drafted if one.refusal is not None),
            *outside(radius, faults),
            *exceeded(used),
            *twice(faults),
            *refused_evictions(faults),
            *missing(checks),
        ),
        spend=spend,
        permissions=checks,
        warnings=tuple(dict.fromkeys(_warnings(faults, guard, spend))),
        planes={fault.fault: fault_named(fault.fault).planes for fault in faults},
    )


@dataclass(frozen=True, slots=True)
class _Drafted:
    """An action of the method: either planned, or refused."""

    planned: PlannedFault | None = None
    refusal: Violation | None = None


def _guard(experiment: Mapping[str, Any], configuration: Mapping[str, Any]) -> GuardBlock:
    from chaoslib import substitute

    blocks = guard_blocks(experiment)
    if len(blocks) != 1:
        raise PlanError(f"the experiment has {len(blocks)} extensions called guard; it takes exactly one")
    try:
        return GuardBlock.model_validate(substitute(dict(blocks[0][1]), dict(configuration), {}))
    except ValidationError as error:
        raise PlanError(_told("extensions.guard", error)) from error


def _draft(action: FaultAction, secrets: Mapping[str, Any], systems: Systems, choice: Choice) -> _Drafted:
    arguments = _arguments(action, secrets)
    fault, parsed = arguments
    try:
        draft = fault.plan(parsed, systems, choice)
    except RefusedError as error:
        return _Drafted(refusal=Violation(action.activity, str(error), "nothing was touched"))
    except ForbiddenError as error:
        return _Drafted(refusal=Violation(action.activity, str(error), "nothing was touched"))
    except (ToxiproxyError, NodeKillerError, HttpError) as error:
        raise UnansweredError(f"{action.activity}: {error}") from error
    if not draft.targets:
        return _Drafted(refusal=Violation(action.activity, "it has no target", "check what it selects by"))
    return _Drafted(PlannedFault(action.activity, action.fault, parsed.model_dump(mode="json"), draft))


def _arguments(action: FaultAction, secrets: Mapping[str, Any]) -> tuple[Fault[Any], BaseModel]:
    from chaoslib import substitute

    if secrets and substitute(dict(action.arguments), {}, dict(secrets)) != dict(action.arguments):
        raise PlanError(f"{action.activity}: a fault's arguments refer to a secret, and they are shown in plans")
    try:
        fault = fault_named(action.fault)
        return fault, fault.arguments.model_validate(dict(action.arguments))
    except UnknownFaultError as error:
        raise PlanError(f"{action.activity}: {error}") from error
    except ValidationError as error:
        raise PlanError(_told(action.activity, error)) from error


def _told(about: str, error: ValidationError) -> str:
    """What does not fit, without the values that were given."""
    return "; ".join(
        f"{about}: {'.'.join(str(part) for part in one['loc']) or 'arguments'}: {one['msg']}"
        for one in error.errors(include_url=False, include_input=False)
    )


def _reaches_cluster(faults: Sequence[PlannedFault]) -> bool:
    return any("kubernetes" in fault_named(fault.fault).needs for fault in faults)


def _permissions(faults: Sequence[PlannedFault], systems: Systems) -> tuple[PermissionCheck, ...]:
    wanted: list[Permission] = [one for fault in faults for one in fault.draft.permissions]
    wanted += ledger_permissions()
    return check_permissions(systems.kube, wanted) if wanted else ()


def _warnings(faults: Sequence[PlannedFault], guard: GuardBlock, spend: Sequence[Spend]) -> Iterator[str]:
    admit = guard.admit
    for fault in faults:
        for warning in fault.draft.warnings:
            yield f"{fault.activity}: {warning}"
    yield from passed_budgets(faults)
    if admit.budget_left_ratio <= 0 and not admit.quiet_alerts:
        yield (
            "it begins whatever error budget is left and whatever alerts fire (admit.budget_left is 0%, "
            "admit.quiet_alerts is false): right for a lab, not where there are users"
        )
    for one in spend:
        if one.past and max(one.past) > one.most:
            yield (
                f"{one.slo}: a run of the last {len(one.past)} spent {max(one.past):.2%} of its error budget, and this "
                f"one is ended at {one.most:.2%}"
            )
