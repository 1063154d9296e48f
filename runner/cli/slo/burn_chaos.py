"""The last part of the on-call's page: how much of the budget chaos runs have spent."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from runner.allowance.month import Spending
from runner.cli.slo.figures import counted, moment, printable, share
from runner.cli.slo.tables import table
from runner.slo.attribution import Attribution


def chaos_spending(found: Attribution, window: str, top: int) -> Iterator[RenderableType]:
    """What they spent in the window (`28d`) and this month, and the `top` costliest one by one."""
    in_window = f"{_spent(found.window)} ({counted(len(found.runs), 'run')})"
    in_month = f"{_spent(found.month)} since {moment(found.month_start)[:10]}"
    bound = "" if found.allowed is None else f", of {_percent(found.allowed)} allowed"
    yield Text.assemble(("Chaos runs", "bold"), f" of this window spent {in_window}, and {in_month}{bound}.")
    yield Text(printable(f"These are shares of the budget of a whole {window} of this traffic."))
    if found.runs and found.recorded is not None:
        during = f"{share(found.recorded)} of the budget of what was seen so far"
        yield Text(f"While they were on, {during} was spent, by whatever it was.")
    if found.allowed is not None and found.month.total > found.allowed:
        yield Text("That is more than chaos is allowed this month: runs that watch it are refused.", style="yellow")
    if not found.runs:
        return
    listed = table(("Costliest chaos runs", "left"), ("verdict", "left"), ("began (UTC)", "left"),
                   (f"of {window}", "right"))  # fmt: skip
    for one in found.runs[:top]:
        run = one.run
        name = printable(run.title) or run.run_id
        listed.add_row(name, printable(run.verdict), moment(run.started_at, seconds=True), _spent(one.spent))
    if rest := found.runs[top:]:
        total = sum((one.spent for one in rest), Spending())
        listed.add_row(f"the rest: {len(rest)} more", "", "", _spent(total))
    yield listed


def _spent(spent: Spending) -> str:
    """A share; where a part of it is not known, the most that it may be."""
    return f"up to {share(spent.total, 2)}" if spent.assumed else share(spent.measured, 2)


def _percent(allowed: float) -> str:
    """As it was declared."""
    return f"{100 * allowed:.3g}%"
