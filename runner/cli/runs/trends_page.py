"""`chaos runs trends` for people."""

from collections.abc import Callable, Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from runner.cli.runs.wording import NOTHING, seconds, share
from runner.cli.slo.figures import moment, printable
from runner.cli.slo.tables import table
from runner.runs.trends import LAST_RUNS, Figure, Trend

_LETTERS = {"held": "+", "breached": "!", "aborted": "a", "inconclusive": "?", "error": "E", "refused": "r"}
"""One for each run; the same in every encoding and without colours."""
_SHOWN = 12
_STEADY = 0.05
"""A change below this is none."""


def trends_page(trends: Sequence[Trend], place: str, unicode: bool) -> Iterator[RenderableType]:
    """A line for each experiment."""
    if not trends:
        yield Text(f"There is no such run in {place} that put a fault in and was judged.")
        return
    listed = table(("experiment", "left"), ("runs", "right"), ("held", "right"), ("last, old to new", "left"),
                   ("detect", "right"), ("page", "right"), ("recover", "right"), ("spent", "right"),
                   ("last run (UTC)", "left"))  # fmt: skip
    for trend in trends:
        figures = (_told(figure, seconds, unicode) for figure in (trend.detect, trend.page, trend.recover))
        listed.add_row(
            printable(trend.title),
            str(len(trend.points)),
            f"{trend.held_share:.0%}",
            "".join(_LETTERS.get(point.verdict, "?") for point in trend.points[-_SHOWN:]),
            *figures,
            _told(trend.spent, share, unicode),
            moment(trend.points[-1].started_at),
        )
    yield listed
    told = ", ".join(f"{letter} {verdict}" for verdict, letter in _LETTERS.items() if verdict != "refused")
    yield Text(f"Medians of the last {LAST_RUNS} runs, and their change against all before. {told}", style="dim")


def _told(figure: Figure, write: Callable[[float | None], str], unicode: bool) -> str:
    if figure.now is None:
        return NOTHING
    change = figure.change
    if change is None or abs(change) < _STEADY:
        return write(figure.now)
    arrow = ("\N{UPWARDS ARROW}" if change > 0 else "\N{DOWNWARDS ARROW}") if unicode else "+" if change > 0 else "-"
    return f"{write(figure.now)} {arrow}{abs(change):.0%}"
