"""`chaos runs compare` for people."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from runner.cli.runs.wording import NOTHING, seconds, share
from runner.cli.slo.figures import printable, rate
from runner.cli.slo.tables import table
from runner.runs.comparing import Fact, Value


def compare_page(first: str, second: str, facts: Sequence[Fact], everything: bool) -> Iterator[RenderableType]:
    """What differs, or everything, with how much more the second run has."""
    shown = [fact for fact in facts if everything or not fact.same]
    if not shown:
        yield Text(f"{first} and {second} do not differ in anything that is compared.")
        return
    listed = table(("", "left"), (first, "left"), (second, "left"), ("change", "right"))
    for fact in shown:
        style = "bold" if fact.name == "verdict" and not fact.same else ""
        told = (_told(fact, value) for value in (fact.first, fact.second))
        listed.add_row(printable(fact.name), *told, _change(fact), style=style)
    yield listed
    if same := len(facts) - len(shown):
        yield Text(f"The same in both: {same} more (--all).", style="dim")


def _told(fact: Fact, value: Value) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return printable(value, kept="\n") or NOTHING
    return {"seconds": seconds, "share": share, "burn": rate}.get(fact.unit, str)(value)


def _change(fact: Fact) -> str:
    change = fact.change
    if change is None or fact.same:
        return ""
    sign = "+" if change > 0 else "-"
    return sign + _told(fact, abs(change))
