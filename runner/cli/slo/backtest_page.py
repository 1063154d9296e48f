"""What a backtest found, for people: counts by tier for each objective side by side, and what would have fired."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from runner.cli.slo.figures import events, exact_share, moment, part, printable, share, span
from runner.cli.slo.page import Page
from runner.cli.slo.tables import table
from runner.slo.backtest import Span, Tried
from slos.budget.backtest import Backtest
from slos.duration import format_duration
from slos.tiers import TIERS

LISTED = 20
"""Alerts of one objective that are told one by one; JSON has them all."""
_VISIBLE = 0.001


def print_backtest(tried: Sequence[Tried], asked: Span) -> None:
    """Print what was found of every SLO."""
    page = Page()
    resolution = format_duration(asked.real_step)
    page.print(Text(f"Alerts from {moment(asked.since)} to {moment(asked.end)} UTC, looked at every {resolution}"))
    for one in tried:
        if one.results:
            page.print(Text(""), *backtest_page(one, asked))
    if silent := [printable(one.slo.name) for one in tried if not one.results]:
        page.print(Text(""), Text(f"No data at all, so nothing can be said, of {', '.join(silent)}", style="yellow"))


def backtest_page(tried: Tried, asked: Span) -> Iterator[RenderableType]:
    """One SLO that has data, part by part."""
    slo = tried.slo
    yield Text.assemble((printable(slo.name), "bold"), f" over {slo.window.label} (service {printable(slo.service)})")
    coverage = tried.results[0].coverage
    if coverage < 1:
        yield Text(
            f"  No data for {part(1 - coverage)} of the time: what would have fired then, nobody knows.", "yellow"
        )
    yield _side_by_side(tried)
    yield _counted_over(tried, asked)
    for result in tried.results:
        yield Text("")
        yield from _firings(result, asked)


def _counted_over(tried: Tried, asked: Span) -> RenderableType:
    """What bad events and budget are of: the SLO's window, as far as it was read, not the time that alerts are of."""
    result = tried.results[0]
    seen = "the whole" if result.window_read >= 1 else f"{part(result.window_read)} of the"
    since, until = moment(result.counted_since, asked.real_step < 60), moment(asked.newest, asked.real_step < 60)
    return Text(
        f"  Bad events and budget are those from {since} to {until}: {seen} window of {tried.slo.window.label}."
    )


def _nothing_fired(objective: str, coverage: float) -> RenderableType:
    if coverage < 1:
        return Text(f"At {objective} nothing is known to have fired: {part(1 - coverage)} is without data.", "yellow")
    return Text(f"At {objective} nothing would have fired.")


def _side_by_side(tried: Tried) -> RenderableType:
    headings = [f"at {exact_share(result.objective)}" for result in tried.results]
    headings[0] += " (declared)"
    compared = table(("alerts", "left"), *((heading, "right") for heading in headings))
    for tier in TIERS:
        alert = tried.slo.alerting.tiers.get(tier.name)
        name = tier.name + (f" ({printable(alert.severity)})" if alert else "")
        cells = [_count(result, tier.name) if alert else "off" for result in tried.results]
        compared.add_row(name, *cells)
    compared.add_row("bad events", *(f"{events(r.counts.bad)} of {events(r.counts.total)}" for r in tried.results))
    compared.add_row("budget left at the end", *(share(result.left) for result in tried.results))
    if any(_was_lower(result) for result in tried.results):
        compared.add_row("lowest it was", *(_lowest(result) for result in tried.results))
    return compared


def _count(result: Backtest, tier: str) -> str:
    if tier in result.unreachable:
        return "can never fire"
    return str(sum(firing.tier == tier for firing in result.firings))


def _was_lower(result: Backtest) -> bool:
    """Whether the budget was once visibly lower than it is at the end."""
    return result.lowest is not None and result.left is not None and result.left - result.lowest.left > _VISIBLE


def _lowest(result: Backtest) -> str:
    return "unknown" if result.lowest is None else f"{share(result.lowest.left)} at {moment(result.lowest.at)}"


def _firings(result: Backtest, asked: Span) -> Iterator[RenderableType]:
    objective = exact_share(result.objective)
    if not result.firings:
        yield _nothing_fired(objective, result.coverage)
        return
    listed = table((f"Would have fired at {objective} (UTC)", "left"),
                   ("lasted", "right"), ("tier", "left"), ("severity", "left"), ("budget spent", "right"))  # fmt: skip
    for firing in result.firings[:LISTED]:
        seconds = asked.real_step < 60
        start, end = moment(firing.start, seconds), moment(firing.end, seconds)
        until = "goes on" if firing.ongoing else end[11:] if start[:10] == end[:10] else end[5:]
        severity = printable(firing.severity)
        lasted = span(firing.end - firing.start)
        listed.add_row(f"{start} to {until}", lasted, firing.tier, severity, share(firing.spent))
    yield listed
    if (more := len(result.firings) - LISTED) > 0:
        yield Text(f"... and {more} more: --json tells all.")
