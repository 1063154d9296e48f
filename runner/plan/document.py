"""A plan as JSON, for machines."""

from dataclasses import asdict
from typing import Any

from actions.planned import PlannedFault
from runner.plan.model import Admission, Plan


def plan_document(plan: Plan, admission: Admission) -> dict[str, Any]:
    """Everything that a plan says, and whether a run would be let in now.

    Shares are 0..1 but for limits in percent, durations seconds. `admitted` is null where that is not known.
    """
    radius = plan.guard.blast_radius
    return {
        "allowed": plan.allowed,
        "admission": {
            "admitted": admission.admitted,
            "reasons": list(admission.reasons),
            "asked": list(admission.asked),
            "allowances": [
                {
                    "slo": one.slo,
                    "allowed": one.allowed,
                    "spent": one.spent.measured,
                    "assumed": one.spent.assumed,
                    "asked": one.asked,
                    "exceeded": one.exceeded,
                }
                for one in admission.allowances
            ],
        },
        "title": plan.title,
        "cluster": plan.place,
        "token": plan.token,
        "seed": plan.seed,
        "digest": plan.digest,
        "duration_seconds": radius.duration_seconds,
        "namespaces": list(radius.namespaces),
        "slos": [slo.name for slo in plan.slos],
        "faults": [_fault(fault, plan) for fault in plan.faults],
        "capacity": [
            {
                "workload": one.workload,
                "namespace": one.namespace,
                "gang": one.gang,
                "before": one.ready,
                "after": one.after,
                "lost_share": one.share,
                "pods_hit": list(one.hit),
                "gpus": one.gpus,
            }
            for one in plan.capacity
        ],
        "limits": [{**asdict(limit), "exceeded": limit.exceeded} for limit in plan.limits],
        "error_budget": [
            {"slo": one.slo, "most": one.most, "expected": one.expected, "past": list(one.past)} for one in plan.spend
        ],
        "alerts": [
            {
                "alert": one.alert,
                "severity": one.severity,
                "slo": one.slo,
                "receiver": one.receiver,
                "muted_by": one.muted_by,
                "fires_within_seconds": one.fires_within_seconds,
                "notified_within_seconds": one.notified_within_seconds,
                "resolves_within_seconds": one.resolves_within_seconds,
            }
            for one in plan.guard.alerts
        ],
        "locks": list(plan.locks),
        "permissions": [
            {**asdict(check.permission), "granted": check.granted, "problem": check.problem}
            for check in plan.permissions
        ],
        "violations": [asdict(violation) for violation in plan.violations],
        "warnings": [*plan.warnings, *admission.warnings],
    }


def _fault(fault: PlannedFault, plan: Plan) -> dict[str, Any]:
    draft = fault.draft
    return {
        "activity": fault.activity,
        "fault": fault.fault,
        "planes": list(plan.planes.get(fault.fault, ())),
        "arguments": dict(fault.arguments),
        "targets": [{**asdict(target), "details": dict(target.details)} for target in draft.targets],
        "candidates": draft.candidates,
        "undo": draft.undo,
        "nodes": list(draft.nodes),
        "gpus": draft.gpus,
        "disruption_budgets": [asdict(budget) for budget in draft.budgets],
    }
