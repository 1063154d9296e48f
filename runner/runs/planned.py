"""What a run notes of its plan."""

from runner.plan.document import plan_document
from runner.plan.model import Admission, Plan
from runner.runs.record import WatchedObjective
from runner.runs.spool import Planned


def planned(plan: Plan) -> Planned:
    """The plan as `chaos plan --json` has it, without the admission: that of a run shows in its verdict."""
    document = plan_document(plan, Admission((), (), ()))
    abort = plan.guard.abort_when
    return Planned(
        plan={key: value for key, value in document.items() if key != "admission"},
        digest=plan.digest,
        token=plan.token,
        place=plan.place,
        objectives=tuple(
            WatchedObjective(slo.name, slo.objective, slo.window.label, abort.burn_rate, abort.window_seconds)
            for slo in plan.slos
        ),
    )
