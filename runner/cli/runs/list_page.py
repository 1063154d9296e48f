"""`chaos runs list` for people."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from runner.cli.runs.wording import NOTHING, seconds, spent, verdict
from runner.cli.slo.figures import printable
from runner.cli.slo.tables import table
from runner.store.values import RunRow

_GAP = 2
_TITLE = 20
"""As wide a title may be before it is folded, where figures stand beside it."""
_FIRST_TO_GO = ("lasted", "page", "recover", "detect")
"""Columns that a narrow terminal does without: a run's id is never folded, since it is there to be copied."""


def list_page(rows: Sequence[RunRow], limit: int, place: str, width: int) -> Iterator[RenderableType]:
    """The table, and whether it is all. `width` is that of the page, in columns."""
    if not rows:
        yield Text(f"There is no such run in {place}.")
        return
    figures = _that_fit(rows, _figures(rows), width)
    listed = table(("run (began, UTC)", "left"), ("verdict", "left"), ("experiment", "left"),
                   *((name, "right") for name in figures))  # fmt: skip
    for column in (listed.columns[0], listed.columns[1], *listed.columns[3:]):
        column.no_wrap = True
    for number, row in enumerate(rows):
        title = printable(row.title) + (" (dry)" if row.dry else "")
        listed.add_row(row.run_id, verdict(row.verdict), title, *(cells[number] for cells in figures.values()))
    yield listed
    if len(rows) == limit:
        yield Text(f"The newest {limit}; there may be more (--limit).", style="dim")


def _figures(rows: Sequence[RunRow]) -> dict[str, list[str]]:
    """The columns of figures, by their names."""
    return {
        "lasted": [NOTHING if row.ended_at is None else seconds(row.ended_at - row.started_at) for row in rows],
        "detect": [seconds(row.durations.detect) for row in rows],
        "page": [seconds(row.durations.page) for row in rows],
        "recover": [seconds(row.durations.recover) for row in rows],
        "spent": [spent(row.spent) for row in rows],
    }


def _that_fit(rows: Sequence[RunRow], figures: dict[str, list[str]], width: int) -> dict[str, list[str]]:
    """Those for which there is room beside ids, verdicts and a part of the titles."""
    widest = [max(len(row.run_id) for row in rows), max(len(row.verdict) for row in rows)]
    title = min(_TITLE, max(len(row.title) for row in rows))
    room = width - sum(one + _GAP for one in (*widest, title))
    kept = dict(figures)
    for name in _FIRST_TO_GO:
        if sum(max(len(name), *(len(cell) for cell in cells)) + _GAP for cells in kept.values()) <= room:
            break
        del kept[name]
    return kept
