"""The on-call's page: how an SLO stands, its budget over the window, what spent it, and which of that was ours."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from runner.cli.slo.figures import events, exact_share, moment, part, printable, rate, share, span
from runner.cli.slo.plot import Charset, budget_plot
from runner.cli.slo.tables import facts, table
from runner.runs.chaos import Coincidence
from runner.slo.review import BudgetReview
from slos.budget.review import Burn, Review
from slos.budget.status import State

_STYLES: Mapping[State, str] = {
    "good": "bold green",
    "burning": "bold red",
    "exhausted": "bold red",
    "unknown": "bold yellow",
}
_MINUTE = 60.0
_VISIBLE = 0.0005
"""Of the window: a single slice that was not recorded in time is no news."""
_YEAR = 366 * 86_400.0

Beside = Sequence[Sequence[Coincidence]]
"""The chaos runs beside each burn, in the order of the review's burns."""


def burn_page(found: BudgetReview, beside: Beside, top: int, width: int, unicode: bool) -> Iterator[RenderableType]:
    """The page, part by part; the `top` costliest burns are told one by one."""
    yield _headline(found)
    yield facts(_standing(found))
    yield Text("")
    yield from _plot(found, width, unicode)
    yield Text("")
    yield from _spending(found.review, top)
    yield Text("")
    yield from _chaos(found.review.burns, beside, top)


def _headline(found: BudgetReview) -> RenderableType:
    status = found.status
    text = Text.assemble(
        (status.state.upper(), _STYLES[status.state]),
        "  ",
        (printable(status.name), "bold"),
        f"  (service {printable(status.service)}) at {moment(found.at, seconds=True)} UTC",
    )
    reasons = (Padding(Text(printable(reason)), (0, 0, 0, 2), expand=False) for reason in status.reasons)
    return Group(text, *reasons)


def _standing(found: BudgetReview) -> Iterator[tuple[str, str]]:
    status = found.status
    objective = "unknown" if status.objective is None else exact_share(status.objective)
    faster = f" (time scale {status.time_scale:g}: {_window_seconds(found)})" if status.time_scale != 1 else ""
    yield "Objective", f"{objective} over {printable(status.window)}{faster}"
    yield "SLI", share(status.sli, 4)
    yield "Budget left", share(status.budget_left)
    yield "Gone", _gone(found)
    yield "Burn now", "  ".join(f"{printable(window)}: {rate(burn)}" for window, burn in status.burn.items())


def _window_seconds(found: BudgetReview) -> str:
    slices = found.review.slices
    return span(slices.end - slices.start)


def _gone(found: BudgetReview) -> str:
    seconds = found.status.seconds_to_exhaustion
    if seconds is None:
        return "unknown"
    if seconds == 0:
        return "now: all of it is spent"
    if seconds > _YEAR:
        return "not within a year, at the burn of the last hour"
    return f"in {span(seconds)} at the burn of the last hour, {moment(found.at + seconds)} UTC"


def _plot(found: BudgetReview, width: int, unicode: bool) -> Iterator[RenderableType]:
    """The budget from the first slice with data on: an SLO that is younger than its window would be all gap."""
    reviewed, slices = found.review, found.review.slices
    first = next((index for index, one in enumerate(slices.counts) if one is not None), 0)
    yield Text(f"Budget left, as the window spent it (slices of {span(slices.seconds)}, times in UTC)", style="bold")
    charset: Charset = "braille" if unicode else "ascii"
    lines = budget_plot(reviewed.left[first:], slices.begins(first), slices.end, width, charset)
    yield Text("\n".join(lines), no_wrap=True)
    before = first / len(slices.counts)
    if first:
        since = moment(slices.begins(first), seconds=slices.seconds < _MINUTE)
        yield Text(f"No data before {since}: {part(before)} of the window is not shown.", style="yellow")
    if found.at - slices.end >= 1:
        newest = rate(next(iter(found.status.burn.values()), None))
        yield Text(f"The last {span(found.at - slices.end)} are in none of the slices yet; burn now: {newest}.")
    gaps = 1 - slices.coverage - before
    if gaps >= _VISIBLE:
        yield Text(f"No data for {part(gaps)} of the window: the gaps.", style="yellow")


def _spending(reviewed: Review, top: int) -> Iterator[RenderableType]:
    if reviewed.spent is None or reviewed.background_share is None:
        yield Text("There were no events in the window, so nothing was spent.")
        return
    listed = table(("#", "right"), ("What spent it: burns (UTC)", "left"), ("lasted", "right"), ("peak", "right"),
                   ("bad events", "right"), ("of budget", "right"))  # fmt: skip
    for number, burn in enumerate(reviewed.burns[:top], 1):
        lasted = span(burn.seconds)
        listed.add_row(str(number), _from_to(burn), lasted, rate(burn.peak), events(burn.counts.bad), share(burn.share))
    if rest := reviewed.burns[top:]:
        bad, spent = sum(burn.counts.bad for burn in rest), sum(burn.share for burn in rest)
        lasted = span(sum(burn.seconds for burn in rest))
        peak = max(burn.peak for burn in rest)
        listed.add_row("", f"the rest: {len(rest)} more", lasted, rate(peak), events(bad), share(spent))
    background = reviewed.background.bad
    listed.add_row("", "between burns", "", "", events(background), share(reviewed.background_share))
    listed.add_row("", "all", "", "", events(reviewed.counts.bad), share(reviewed.spent), style="bold")
    yield listed
    yield Text("The shares of budget are of what was seen so far: the events that were counted in the window.")


def _from_to(burn: Burn) -> str:
    seconds = burn.seconds < 600
    start, end = moment(burn.start, seconds), moment(burn.end, seconds)
    if burn.ongoing:
        return f"{start} and goes on"
    return f"{start} to {end[11:] if start[:10] == end[:10] else end[5:]}"


def _chaos(burns: Sequence[Burn], beside: Beside, top: int) -> Iterator[RenderableType]:
    if not any(beside):
        yield Text("No chaos run that is known here was beside any of these burns.")
        return
    listed = table(("#", "right"), ("Chaos runs beside them", "left"), ("verdict", "left"), ("began (UTC)", "left"),
                   ("overlap", "right"))  # fmt: skip
    for number, (burn, runs) in enumerate(zip(burns[:top], beside, strict=False), 1):
        for one in runs:
            run = one.run
            began = moment(run.started_at, seconds=True)
            listed.add_row(
                str(number), printable(run.title) or run.run_id, printable(run.verdict), began, _overlap(one, burn)
            )
    if more := sum(len(runs) for runs in beside[top:]):
        listed.add_row("", f"{more} more beside the rest of the burns", "", "", "")
    yield listed


def _overlap(one: Coincidence, burn: Burn) -> str:
    if one.overlap_seconds is None:
        return "unknown"
    if one.overlap_seconds == 0:
        return "just before"
    return f"{span(one.overlap_seconds)} of {span(burn.seconds)}"
