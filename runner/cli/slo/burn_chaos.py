"""The last part of the on-call's page: how much of the budget chaos runs have spent."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from runner.allowance.month import Spending
from runner.cli.slo.figures import counted, moment, printable, share
from runner.cli.slo.tables import table
from runner.slo.attribution import Attribution


def chaos_spending(found: Attribution, top: int) -> Iterator[RenderableType]:
    """What they spent in the window and this month, and the `top` costliest one by one."""
    in_window = f"{_spent(found.window)} of the budget of a whole one ({counted(len(found.runs), 'run')})"
    in_month = f"{_spent(found.month)} since {moment(found.month_start)[:10]}"
    bound = "" if found.allowed is None else f", of {share(found.allowed)} that chaos is allowed"
    yield Text.assemble(("Chaos runs", "bold"), f" of this window spent {in_window}, and {in_month}{bound}.")
    if found.runs and found.recorded is not None:
        yield Text(f"While they were on, {share(found.recorded)} of the budget above was spent, by whatever it was.")
    if found.allowed is not None and found.month.total > found.allowed:
        yield Text("That is more than chaos is allowed this month: runs that watch it are refused.", style="yellow")
    if not found.runs:
        return
    listed = table(("Costliest chaos runs", "left"), ("verdict", "left"), ("began (UTC)", "left"),
                   ("of a window", "right"))  # fmt: skip
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
