"""A plan as a page for whoever is about to press enter: what is hit, what is left, how much of each limit, the verdict.

What is wrong stands last, where the eye is when the command ends. It is read without colours, too.
"""

import shlex
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from actions.fault import Target
from actions.planned import PlannedFault
from runner.allowance.month import Allowance
from runner.cli.slo.figures import counted, printable
from runner.cli.slo.tables import table
from runner.experiment.guard_block import ExpectedAlert
from runner.plan.digest import VARIABLE
from runner.plan.limits import figure
from runner.plan.model import Admission, Capacity, Limit, Plan

TARGETS_AT_MOST = 12
"""Targets of one fault that are named; --json names all."""


DRAWN_ANEW = f"  (a run without {VARIABLE} draws its own targets)"


def page(plan: Plan, admission: Admission) -> Iterator[RenderableType]:
    """The parts of the page, from top to bottom; what to type, and `not_now`, come below."""
    yield from _head(plan)
    for fault in plan.faults:
        yield from _fault(fault, plan.planes.get(fault.fault, ()))
    if plan.capacity:
        yield from (_capacity(plan.capacity), "")
    yield from (_limits(plan.limits), "")
    yield from (_budgets(plan), "")
    if admission.allowances:
        yield from (_allowances(admission.allowances), "")
    if plan.guard.alerts:
        yield from (_alerts(plan.guard.alerts), "")
    yield from (*_admission(admission), "")
    yield from _ending(plan, admission)


def not_now(admission: Admission) -> Iterator[RenderableType]:
    """The last line for what is within the blast radius, but would not be let in; nothing for what would be."""
    if admission.admitted:
        return
    if admission.refused:
        verdict, rest = "NOT NOW", "a run would be refused"
    else:
        verdict, rest = "NOT KNOWN", "it is not known whether a run would be admitted"
    reasons = printable("; ".join(admission.reasons))
    yield Text.assemble((verdict, "bold yellow"), f": within the blast radius, but {rest}: {reasons}")


def command(plan: Plan, file: str) -> str:
    """What to type to run exactly this; in one piece however narrow the terminal is, so that it can be copied."""
    return f"  {VARIABLE}={plan.token} chaos run {printable(shlex.quote(file))}"


def _head(plan: Plan) -> Iterator[RenderableType]:
    yield Text(printable(plan.title), style="bold")
    where = f"on {plan.place}, " if plan.place else ""
    guard = plan.guard
    yield Text(printable(f"{where}undone after {guard.blast_radius.duration} at the latest"), style="dim")
    ends = f"ended when {_watched(plan)} burns at {guard.abort_when.burn_rate:g} or more over"
    yield Text(f"{ends} {guard.abort_when.window}", style="dim")
    yield ""


def _fault(fault: PlannedFault, planes: Sequence[str]) -> Iterator[RenderableType]:
    draft = fault.draft
    of = f" of {draft.candidates} that match" if draft.candidates else ""
    title = Text(printable(fault.activity), style="bold")
    title.append(f"  {fault.fault}, {counted(len(draft.targets), 'target')}{of}", style="not bold")
    yield title
    rows = Table.grid(padding=(0, 2, 0, 0))
    for target in draft.targets[:TARGETS_AT_MOST]:
        rows.add_row(target.kind, printable(_place(target)), printable(_details(target)))
    yield Padding(rows, (0, 0, 0, 2), expand=False)
    unsaid = len(draft.targets) - TARGETS_AT_MOST
    if unsaid > 0:
        yield f"  and {counted(unsaid, 'more target')} (--json names all)"
    yield Padding(Text(printable(f"undone by: {draft.undo}")), (0, 0, 0, 2))
    if planes:
        yield Padding(Text(f"seen in: {', '.join(planes)}", style="dim"), (0, 0, 0, 2))
    yield ""


def _place(target: Target) -> str:
    return f"{target.namespace}/{target.name}" if target.namespace else target.name


def _details(target: Target) -> str:
    shown = (f"{key} {value}" for key, value in target.details.items() if value and key not in ("namespace", "uid"))
    return ", ".join(shown)


def _capacity(capacity: Sequence[Capacity]) -> Table:
    rows = table(("WORKLOAD", "left"), ("READY", "right"), ("AFTER", "right"), ("LOST", "right"), ("GPUS", "right"))
    for one in capacity:
        gang = " (gang: one pod is the whole job)" if one.gang else ""
        lost = Text(f"{one.share:.0%}", style="red" if one.after == 0 else "")
        name = printable(f"{one.namespace}/{one.workload}{gang}")
        rows.add_row(name, str(one.ready), str(one.after), lost, str(one.gpus) if one.gpus else "")
    return rows


def _limits(limits: Sequence[Limit]) -> Table:
    rows = table(("LIMIT", "left"), ("USED", "right"), ("ALLOWED", "right"), ("", "left"))
    for limit in limits:
        if limit.used or limit.allowed:
            mark = Text("EXCEEDED", style="red") if limit.exceeded else Text("ok", style="green")
            mark.append(f"  {printable(limit.detail)}" if limit.detail and limit.used else "", style="default")
            allowed = "-" if limit.allowed is None else f"{figure(limit.allowed)}{limit.unit}"
            rows.add_row(limit.name, f"{figure(limit.used)}{limit.unit}", allowed, mark)
    return rows


def _budgets(plan: Plan) -> Table:
    rows = table(("ERROR BUDGET", "left"), ("AT MOST", "right"), ("EXPECTED", "right"), ("", "left"))
    for one in plan.spend:
        expected = f"{one.expected:.2%}" if one.expected is not None else "?"
        known = (
            f"last {counted(len(one.past), 'run')} on any cluster: up to {max(one.past):.2%}"
            if one.past
            else "no run yet"
        )
        rows.add_row(printable(one.slo), f"{one.most:.2%}", expected, known)
    return rows


def _allowances(allowances: Sequence[Allowance]) -> Table:
    rows = table(("CHAOS THIS MONTH", "left"), ("SPENT", "right"), ("AT MOST", "right"), ("ALLOWED", "right"),
                 ("", "left"))  # fmt: skip
    for one in allowances:
        mark = Text("EXCEEDED", style="red") if one.exceeded else Text("ok", style="green")
        assumed = f"  {one.spent.assumed:.2%} of it assumed" if one.spent.assumed else ""
        mark.append(assumed, style="default")
        rows.add_row(printable(one.slo), f"{one.spent.total:.2%}", f"{one.asked:.2%}", f"{one.allowed:.2%}", mark)
    return rows


def _alerts(expected: Sequence[ExpectedAlert]) -> Table:
    """What has to fire, whom it has to reach, and how long each may take."""
    rows = table(("EXPECTED ALERT", "left"), ("SEVERITY", "left"), ("RECEIVER", "left"), ("FIRES", "right"),
                 ("NOTIFIED", "right"), ("RESOLVES", "right"))  # fmt: skip
    for one in expected:
        receiver = f"not {one.receiver} (muted by {one.muted_by})" if one.muted_by else one.receiver
        limits = (
            f"in {span}" if span else "-" for span in (one.fires_within, one.notified_within, one.resolves_within)
        )
        rows.add_row(printable(one.alert), printable(one.severity), printable(receiver), *limits)
    return rows


def _admission(admission: Admission) -> Iterator[RenderableType]:
    asked = f"asked: {', '.join(admission.asked)}" if admission.asked else "nothing could be asked"
    yield Text.assemble("ADMISSION  ", (printable(asked), "dim"))
    if admission.admitted:
        yield Text("  would be admitted now", style="green")
    for reason in admission.refused:
        yield _point("refused", "red", reason)
    for reason in admission.unknown:
        yield _point("not known", "yellow", reason)


def _ending(plan: Plan, admission: Admission) -> Iterator[RenderableType]:
    warnings = (*plan.warnings, *admission.warnings)
    for warning in warnings:
        yield _point("warning", "yellow", warning)
    if warnings:
        yield ""
    if plan.allowed and admission.admitted:
        rest = ": within the blast radius, nothing has been touched. To run exactly this:"
        yield Text.assemble(("ALLOWED", "bold green"), rest)
        return
    if plan.allowed:
        yield "Nothing has been touched. To run exactly this, once it is admitted:"
        return
    found = counted(len(plan.violations), "violation")
    yield Text.assemble(("REFUSED", "bold red"), f": {found}, nothing has been touched")
    for violation in plan.violations:
        yield _point(violation.about, "red", f"{violation.message}; {violation.remedy}")


def _point(about: str, style: str, text: str) -> RenderableType:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_row("  -", Text.assemble((f"{printable(about)}: ", style), printable(text)))
    return grid


def _watched(plan: Plan) -> str:
    return printable(plan.slos[0].name) if len(plan.slos) == 1 else f"one of {counted(len(plan.slos), 'SLO')}"
