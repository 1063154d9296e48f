"""`chaos runs show`."""

import json

import click

from runner.cli.runs.opened import opened
from runner.cli.slo.options import json_option


@click.command(name="show", short_help="All that is known of one run.")
@click.argument("run_id", metavar="RUN")
@json_option
def command(run_id: str, as_json: bool) -> None:
    """All that is known of RUN: how it ended, what the faults, the SLOs and the alerts did, and with which versions.

    RUN is an id, a beginning of one that no other has, or `latest`. For a page to hand on: chaos report RUN.

    \b
    chaos runs show latest
    chaos runs show 20261122T1638 --json | jq .samples

    Exit status: 0 the run was printed, however it ended; 2 there is no such run; 4 the store cannot be read.
    """
    with opened("chaos runs show") as store:
        record = store.run(run_id)
    if as_json:
        from runner.runs.documents import run_document

        click.echo(json.dumps(run_document(record), indent=2))
        return
    from runner.cli.runs.show_page import show_page
    from runner.cli.slo.page import Page

    Page().print(*show_page(record))
