"""What `chaos smoke` says while it goes on, and the table at its end."""

from collections.abc import Iterator, Mapping

from rich.console import RenderableType
from rich.text import Text

from runner.cli.slo.figures import exact_share, part, printable, span
from runner.cli.slo.tables import table
from runner.cli.slo.terminal import tell
from runner.smoke.order import SetResult
from runner.smoke.outcome import NOT_RUN, Result
from runner.smoke.suite import Member, Suite
from runner.smoke.telling import headline

_STYLES = {"held": "green", "breached": "bold red", NOT_RUN: "dim"}
_LAST_LINES = 40


class Teller:
    """Says on standard error how the set goes."""

    def __init__(self, count: int) -> None:
        self._count = count

    def begins(self, number: int, member: Member, allowed: float) -> None:
        may = f"may spend {exact_share(allowed)} of {', '.join(member.slos)}"
        tell(f"[{number}/{self._count}] {member.name}: {member.title} ({may})")

    def again(self, result: Result, seconds: float) -> None:
        tell(f"      refused: {result.reason}; once more in {seconds:g} s, when the last run is out of the windows")

    def ended(self, result: Result) -> None:
        if result.verdict == NOT_RUN:
            tell(f"      {result.member.name} is not run: {result.reason}")
            return
        tell(f"      {result.verdict} in {span(result.seconds)}: {result.reason}")
        for fault in result.stuck:
            tell(f"      STUCK: {fault}")
        if result.verdict != "held":
            for line in result.output.strip().splitlines()[-_LAST_LINES:]:
                tell(f"      | {line}")


def page(done: SetResult) -> Iterator[RenderableType]:
    """The table, what is left of the budget, and the verdict last."""
    rows = table(
        ("EXPERIMENT", "left"), ("VERDICT", "left"), ("TOOK", "right"), ("BACK AFTER", "right"), ("SPENT MOST", "left")
    )
    rows.columns[0].no_wrap = True
    for result in done.results:
        back = "" if result.recovered_seconds is None else span(result.recovered_seconds)
        rows.add_row(
            printable(result.member.name),
            Text(result.verdict, style=_STYLES.get(result.verdict, "yellow")),
            span(result.seconds) if result.seconds else "",
            back,
            _most(result.spent),
        )
    yield rows
    yield ""
    yield Text(f"on {printable(done.place)}; {_budget(done)}", style="dim")
    for result in done.results:
        if result.verdict != "held":
            yield Text(printable(f"{result.member.name}: {result.reason}"))
    for fault in (fault for result in done.results for fault in result.stuck):
        yield Text(printable(f"a person has to see to it: {fault}"), style="bold red")
    yield Text(headline(done), style="bold green" if done.status == 0 else "bold red")


def order_page(suite: Suite, place: str) -> Iterator[RenderableType]:
    """What would be run, where, and what each declares that it may spend."""
    rows = table(("EXPERIMENT", "left"), ("WHAT", "left"), ("MAY SPEND", "right"), ("OF", "left"))
    rows.columns[0].no_wrap = True
    for member in suite.members:
        share = exact_share(min(member.max_spend, suite.max_spend))
        rows.add_row(printable(member.name), printable(member.title), share, printable(", ".join(member.slos)))
    yield rows
    yield ""
    all_of_them = f"all together at most {exact_share(suite.max_spend)} of any SLO's error budget"
    yield Text(f"on {printable(place)}, within {span(suite.within)}; {all_of_them}")


def _budget(done: SetResult) -> str:
    limit = f"of the {exact_share(done.purse.limit)} of each error budget that the set may spend"
    if not done.purse.spent:
        return f"nothing is spent {limit}"
    return f"spent most: {_most(done.purse.spent)}, {limit}"


def _most(spent: Mapping[str, float]) -> str:
    """The SLO of whose budget most is spent; JSON and Markdown name all."""
    if not spent:
        return ""
    slo, share = max(spent.items(), key=lambda item: item[1])
    return f"{printable(slo)} {part(share)}"
