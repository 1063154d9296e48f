"""`chaos runs list`."""

import json

import click

from runner.cli.runs.choice import chosen, which_options
from runner.cli.runs.opened import opened
from runner.cli.slo.options import json_option


@click.command(name="list", short_help="The runs there were, newest first.")
@which_options
@click.option("--limit", type=click.IntRange(min=1), default=30, show_default=True, help="The newest so many.")
@json_option
def command(
    experiment: str,
    verdicts: tuple[str, ...],
    tag: str,
    since: float | None,
    until: float | None,
    limit: int,
    as_json: bool,
) -> None:
    """The runs there were, newest first: how each ended, how long it took until somebody knew, and what it cost.

    `detect` is until the first of an expected alert that fires and a breach that ends the run, `page` until the first
    notification of an expected alert, both from the fault; `recover` is from the undo until the SLOs are back. `spent`
    is the share of the error budget that cost most.

    \b
    chaos runs list --since 7d
    chaos runs list --experiment llm-pod-kill --verdict breached --verdict died --json

    Exit status: 0 the list was printed, and may be empty; 2 bad input; 4 the store cannot be read.
    """
    which = chosen(experiment, verdicts, tag, since, until, limit)
    with opened("chaos runs list") as store:
        rows = store.runs(which)
        place = store.place
    if as_json:
        from runner.runs.documents import row_document

        click.echo(json.dumps({"store": place, "runs": [row_document(row) for row in rows]}, indent=2))
        return
    from runner.cli.runs.list_page import list_page
    from runner.cli.slo.page import Page

    page = Page()
    page.print(*list_page(rows, limit, place, page.width))
