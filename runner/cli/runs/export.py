"""`chaos runs export`."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from runner.cli.runs.choice import chosen, which_options
from runner.cli.runs.opened import opened
from runner.cli.slo.ending import fail
from runner.exit_codes import Exit

if TYPE_CHECKING:
    from runner.store.store import Store
    from runner.store.values import RunRow

_NAME = "chaos runs export"


@click.command(name="export", short_help="Runs as JSON lines or CSV.")
@click.argument("run_ids", nargs=-1, metavar="[RUN]...")
@which_options
@click.option(
    "--format",
    "form",
    type=click.Choice(("jsonl", "csv")),
    default="jsonl",
    show_default=True,
    help="jsonl has all of each run, csv one line of figures for each.",
)
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write there, all or nothing.")
def command(
    run_ids: tuple[str, ...],
    experiment: str,
    verdicts: tuple[str, ...],
    tag: str,
    since: float | None,
    until: float | None,
    form: Literal["jsonl", "csv"],
    output: Path | None,
) -> None:
    """The runs named, or else all that are meant, oldest first: as JSON lines or CSV, for tools of your own.

    Times are seconds since the epoch, durations seconds, shares 0..1; null, or an empty column, is unknown.

    \b
    chaos runs export --since 30d --format csv --output runs.csv
    chaos runs export latest | jq .transitions

    Exit status: 0 they were written; 2 bad input, or no such run; 4 the store cannot be read.
    """
    which = chosen(experiment, verdicts, tag, since, until)
    if run_ids and which != chosen("", (), "", None, None):
        raise click.UsageError("name runs, or choose them by options")
    with opened(_NAME) as store:
        named = {store.run(run_id).run_id: None for run_id in run_ids}
        rows = [row for row in reversed(store.runs(which)) if not run_ids or row.run_id in named]
        lines = _csv(rows) if form == "csv" else _json_lines(store, rows)
        if output is None:
            for line in lines:
                click.echo(line, nl=False)
        else:
            _write(output, "".join(lines))


def _json_lines(store: "Store", rows: "Sequence[RunRow]") -> Iterator[str]:
    from runner.cli.slo.progress import Progress
    from runner.runs.documents import run_document

    progress = Progress("exporting runs", len(rows))
    for row in rows:
        yield json.dumps(run_document(store.run(row.run_id))) + "\n"
        progress.step()


def _csv(rows: "Sequence[RunRow]") -> Iterator[str]:
    from runner.runs.documents import FLAT_COLUMNS, flat_row

    text = io.StringIO()
    writer = csv.DictWriter(text, FLAT_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat_row(row) for row in rows)
    yield text.getvalue()


def _write(path: Path, text: str) -> None:
    from runner.atomic_file import write_atomically

    try:
        write_atomically(path, text)
    except OSError as error:
        fail(_NAME, f"{path} cannot be written: {error.strerror}", Exit.REFUSED)
