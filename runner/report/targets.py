"""What was broken, row by row: from the ledger's transitions, the summary and the plan. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from runner.report.documents import BrokenDocument, PlanDocument, PlannedTarget
from runner.report.model import TargetRow, TargetState
from runner.runs.record import LedgerTransition, TransitionState

_STATES: Mapping[TransitionState, TargetState] = {
    "intended": "going in",
    "active": "in effect",
    "undoing": "coming out",
    "undone": "undone",
    "stuck": "stuck",
}


def target_rows(
    transitions: Sequence[LedgerTransition], broken: Sequence[BrokenDocument], plan: PlanDocument
) -> tuple[TargetRow, ...]:
    """A row for each fault on each target, in the order in which they went in; the planned ones where none did."""
    rows: dict[str, TargetRow] = {}
    for transition in transitions:
        rows[transition.record] = _moved(rows.get(transition.record), transition)
    for index, document in enumerate(broken):
        key = document.record or f"summary {index}"
        rows[key] = _told(rows.get(key), document)
    if not rows:
        return tuple(_planned(plan))
    known = {words(target): target for fault in plan.faults for target in fault.targets}
    found = (_placed(row, known.get(row.target)) for row in rows.values())
    return tuple(sorted(found, key=lambda row: (row.began_at is None, row.began_at or 0.0)))


def words(target: PlannedTarget | BrokenDocument) -> str:
    """A target as the ledger's transitions call it: `pod ml-serving/llm-0`."""
    place = f"{target.namespace}/{target.name}" if target.namespace else target.name
    return f"{target.kind} {place}".strip()


def _moved(row: TargetRow | None, transition: LedgerTransition) -> TargetRow:
    at, state = transition.at, _STATES[transition.state]
    row = row or TargetRow(transition.record, transition.fault, transition.target)
    row = replace(row, state=state, reason=transition.reason or (row.reason if state != "undone" else ""))
    match transition.state:
        case "intended":
            return replace(row, intended_at=at)
        case "active":
            return replace(row, active_at=at)
        case "undoing":  # the first time counts: a stuck fault is tried again and again
            return replace(row, undoing_at=at if row.undoing_at is None else row.undoing_at)
        case "undone":
            return replace(row, undone_at=at, stuck_at=None)
    return replace(row, stuck_at=at)


def _told(row: TargetRow | None, broken: BrokenDocument) -> TargetRow:
    """What the summary says besides; where both say when, the summary's times are those of the fault itself."""
    if row is None:
        state: TargetState = "undone" if broken.undone_at is not None else "stuck"
        row = TargetRow(broken.record, broken.fault, words(broken), intended_at=broken.at, state=state)
        row = replace(row, reason=broken.reason, undone_at=broken.undone_at)
    return replace(
        row,
        node=broken.node,
        workload=broken.workload,
        active_at=row.active_at if broken.effective_at is None else broken.effective_at,
        certain=broken.certain,
    )


def _planned(plan: PlanDocument) -> Iterable[TargetRow]:
    for fault in plan.faults:
        for target in fault.targets:
            yield _placed(TargetRow("", fault.fault, words(target)), target)


def _placed(row: TargetRow, target: PlannedTarget | None) -> TargetRow:
    if target is None:
        return row
    return replace(
        row,
        node=row.node or _detail(target.details, "node"),
        workload=row.workload or _detail(target.details, "workload"),
    )


def _detail(details: Mapping[str, Any], key: str) -> str:
    value = details.get(key)
    return value if isinstance(value, str) else ""
