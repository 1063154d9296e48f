"""`chaos runs list` for people."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from runner.cli.runs.wording import NOTHING, seconds, spent, verdict
from runner.cli.slo.figures import printable
from runner.cli.slo.tables import table
from runner.store.values import RunRow


def list_page(rows: Sequence[RunRow], limit: int, place: str) -> Iterator[RenderableType]:
    """The table, and whether it is all."""
    if not rows:
        yield Text(f"There is no such run in {place}.")
        return
    listed = table(("run (began, UTC)", "left"), ("verdict", "left"), ("experiment", "left"), ("lasted", "right"),
                   ("detect", "right"), ("page", "right"), ("recover", "right"), ("spent", "right"))  # fmt: skip
    for row in rows:
        lasted = NOTHING if row.ended_at is None else seconds(row.ended_at - row.started_at)
        durations = (seconds(one) for one in (row.durations.detect, row.durations.page, row.durations.recover))
        title = printable(row.title) + (" (dry)" if row.dry else "")
        listed.add_row(row.run_id, verdict(row.verdict), title, lasted, *durations, spent(row.spent))
    yield listed
    if len(rows) == limit:
        yield Text(f"The newest {limit}; there may be more (--limit).", style="dim")
