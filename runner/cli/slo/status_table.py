"""The table of `chaos slo status`: what an on-call looks at first stands first, in as many columns as there is room."""

import math
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from runner.cli.slo.figures import counted, exact_share, moment, printable, span
from slos.budget.status import SloStatus, State
from slos.duration import format_duration
from slos.tiers import ALERT_WINDOWS, TIER

Paint = Callable[[str, str], str]
"""Gives a text a style (`red`, `yellow`, `green`), or leaves it plain."""

NAMES_AT_MOST = 3
"""More than these are counted."""
REASONS_AT_MOST = 20
NAME_AT_LEAST = 12
_FIXED = 99
_BURN_TITLE = "BURN RATE OVER"
_STYLES: dict[State, str] = {"good": "green", "burning": "red", "exhausted": "red", "unknown": "yellow"}
_LOW_BUDGET = 0.25
_WHOLE = 0.995
"""A window of which this share has been seen counts as seen: the last slices are always under way."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. Those with the least `worth` go first where there is not enough room."""

    title: str
    cell: Callable[[SloStatus], str]
    worth: int
    style: Callable[[SloStatus], str] = lambda _: ""
    over: str = ""
    """What stands above the title."""
    right: bool = True
    burn: bool = False


def table(statuses: Sequence[SloStatus], at: float, width: int, paint: Paint) -> str:
    """The statuses in the order given, as of `at` (seconds since the epoch), no line wider than `width`."""
    columns = _columns(statuses)
    grid = _Grid(columns, {column.title: [column.cell(status) for status in statuses] for column in columns}, width)
    lines = [*_wrapped(_headline(statuses, at), width), "", *grid.lines(statuses, paint)]
    notes = _notes(statuses, told_of_windows="WINDOW" in grid.titles)
    if notes:
        lines.append("")
    return "\n".join([*lines, *(line for note in notes for line in _wrapped(note, width))])


def _headline(statuses: Sequence[SloStatus], at: float) -> str:
    counts = Counter(status.state for status in statuses)
    said = ", ".join(f"{counts[state]} {state}" for state in _STYLES if counts[state])
    read = [status.read_at for status in statuses if status.read_at is not None]
    age = f", newest reading {span(at - max(read))} before" if read else ""
    return f"{counted(len(statuses), 'SLO')} as of {moment(at, seconds=True)} UTC{age}{_time_scales(statuses)}: {said}"


def _time_scales(statuses: Sequence[SloStatus]) -> str:
    """What the windows are divided by, where they are: labels tell the declared time."""
    scales = sorted({status.time_scale for status in statuses if status.recorded})
    if all(scale == 1 for scale in scales):
        return ""
    said = " and ".join(f"{scale:g}" for scale in scales)
    return f", time scale {said} (windows are divided by it, GONE IN is real time)"


def _columns(statuses: Sequence[SloStatus]) -> list[Column]:
    windows = [label for label in map(format_duration, ALERT_WINDOWS) if any(label in one.burn for one in statuses)]
    worths = {"2h": 2, "30m": 3, "1d": 4, "3d": 5, "6h": 8, "5m": 9, "1h": 10}
    return [
        Column("SLO", lambda one: printable(one.name), _FIXED, right=False),
        Column("STATE", lambda one: one.state, _FIXED, lambda one: _STYLES[one.state], right=False),
        Column("LEFT", lambda one: _left(one.budget_left), _FIXED, _left_style, over="BUDGET"),
        Column("IN", lambda one: _gone_in(one.seconds_to_exhaustion), _FIXED, over="GONE"),
        Column("SLI", _sli, 7),
        Column("GOAL", lambda one: "?" if one.objective is None else exact_share(one.objective), 6),
        *(Column(label, _burn_cell(label), worths[label], _burn_style(label), burn=True) for label in windows),
        Column("WINDOW", _window, 1),
        Column("SERVICE", lambda one: printable(one.service), 0, right=False),
    ]


class _Grid:
    """The columns that fit, with titles above and cells below."""

    def __init__(self, columns: list[Column], cells: Mapping[str, Sequence[str]], width: int) -> None:
        self._columns = list(columns)
        self._cells = cells
        self._widths: dict[str, int] = {}
        reaching_over = True
        for column in columns:
            # What stands above may reach over the column before, unless something stands above that one, too.
            above = 0 if reaching_over else len(column.over)
            reaching_over = not column.over
            self._widths[column.title] = max(len(column.title), above, *map(len, cells[column.title]))
        self._gap = 1
        while self._total() > width and min(column.worth for column in self._columns) < _FIXED:
            self._columns.remove(min(self._columns, key=lambda column: column.worth))
        if self._total() > width:
            self._widths["SLO"] = max(self._widths["SLO"] - (self._total() - width), NAME_AT_LEAST)
        self._gap = 2
        if self._total() > width:
            self._gap = 1

    @property
    def titles(self) -> set[str]:
        return {column.title for column in self._columns}

    def lines(self, statuses: Sequence[SloStatus], paint: Paint) -> Iterator[str]:
        yield self._above()
        yield self._row([(column.title, "") for column in self._columns], paint)
        for index, status in enumerate(statuses):
            cells = [(self._cells[column.title][index], column.style(status)) for column in self._columns]
            yield self._row(cells, paint)

    def _between(self, column: Column) -> int:
        return 1 if column.burn else self._gap

    def _total(self) -> int:
        widths = sum(self._widths[column.title] for column in self._columns)
        return widths + sum(map(self._between, self._columns[1:]))

    def _above(self) -> str:
        """The line above the titles, with what the windows are of, where there is room for it."""
        line, end = "", 0
        for column in self._columns:
            end += (self._between(column) if end else 0) + self._widths[column.title]
            if column.over:
                line = line.ljust(end - len(column.over)) + column.over
        if burns := [column for column in self._columns if column.burn]:
            after = self._columns[self._columns.index(burns[-1]) + 1 :]
            end -= sum(self._between(column) + self._widths[column.title] for column in after)
            title = _BURN_TITLE if len(_BURN_TITLE) < end - len(line) else "BURN"
            line = line.ljust(end - len(title)) + title
        return line

    def _row(self, cells: Sequence[tuple[str, str]], paint: Paint) -> str:
        line = ""
        for (text, style), column in zip(cells, self._columns, strict=True):
            room = self._widths[column.title]
            shown = text if len(text) <= room else text[: room - 2] + ".."
            padding = " " * (room - len(shown))
            painted = paint(shown, style) if style else shown
            line += " " * (self._between(column) if line else 0)
            line += padding + painted if column.right else painted + padding
        return line.rstrip()


def _notes(statuses: Sequence[SloStatus], told_of_windows: bool) -> list[str]:
    """Why the states are what they are, and what to look at next."""
    told = [status for status in statuses if status.reasons]
    notes = [f"{one.name}: {one.state}: {'; '.join(one.reasons)}" for one in told[:REASONS_AT_MOST]]
    if len(told) > REASONS_AT_MOST:
        notes.append(f"... and {len(told) - REASONS_AT_MOST} more: --json tells the reasons of all")
    if not told_of_windows:
        notes += _partly_seen_windows([status for status in statuses if _partly_seen(status)])
    worst = next((status for status in statuses if status.state in ("burning", "exhausted")), None)
    if worst is not None:
        notes.append(f"What spent it: chaos slo burn {worst.name}")
    return notes


def _partly_seen_windows(statuses: Sequence[SloStatus]) -> list[str]:
    """One line for each share of a window that has been seen, with the names where they are few."""
    names: dict[str, list[str]] = {}
    for status in statuses:
        names.setdefault(_window(status), []).append(status.name)
    return [
        f"Only {window} has been seen of {', '.join(of) if len(of) <= NAMES_AT_MOST else counted(len(of), 'SLO')}"
        for window, of in names.items()
    ]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(printable(text), width, subsequent_indent="    ", break_on_hyphens=False)


def _left(left: float | None) -> str:
    """Rounded down, so that what is shown is there."""
    if left is None:
        return "?"
    percent = 100 * left
    return f"{math.floor(percent)}%" if abs(percent) >= 10 or percent == 0 else f"{math.floor(10 * percent) / 10:g}%"


def _left_style(status: SloStatus) -> str:
    if status.budget_left is None:
        return "yellow"
    if status.budget_left <= 0:
        return "red"
    return "yellow" if status.budget_left < _LOW_BUDGET else ""


def _gone_in(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    if seconds <= 0:
        return "gone"
    if seconds > 366 * 86_400:
        return "never" if math.isinf(seconds) else ">1y"
    return span(max(round(seconds), 1))


def _sli(status: SloStatus) -> str:
    """To a hundredth of the budget, rounded down: an SLI that misses its objective never looks as if it met it."""
    if status.sli is None or status.objective is None:
        return "?"
    decimals = max(0, math.ceil(-math.log10(1 - status.objective) - 1e-9))
    factor = 10**decimals
    return f"{math.floor(100 * factor * status.sli + 1e-6) / factor:.{decimals}f}%"


def _window(status: SloStatus) -> str:
    window = printable(status.window)
    return f"{math.floor(100 * (status.coverage or 0))}% of {window}" if _partly_seen(status) else window


def _partly_seen(status: SloStatus) -> bool:
    return status.coverage is not None and status.coverage < _WHOLE


def _burn_cell(label: str) -> Callable[[SloStatus], str]:
    def cell(status: SloStatus) -> str:
        if label not in status.burn:
            return "-" if status.burn else "?"
        return _burn(status.burn[label])

    return cell


def _burn(rate: float | None) -> str:
    if rate is None:
        return "?"
    if rate == 0 or rate >= 1000:
        return f"{rate:.0f}"
    if rate < 0.005:
        return "<.01"
    return f"{rate:.2f}" if rate < 9.995 else f"{rate:.1f}" if rate < 99.95 else f"{rate:.0f}"


def _burn_style(label: str) -> Callable[[SloStatus], str]:
    def style(status: SloStatus) -> str:
        burning = any(label in (TIER[tier].long, TIER[tier].short) for tier in status.burning_tiers)
        return "red" if burning else ""

    return style
