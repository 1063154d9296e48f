"""`chaos runs compare`."""

import json

import click

from runner.cli.runs.opened import opened
from runner.cli.slo.options import json_option


@click.command(name="compare", short_help="Two runs beside each other: what changed.")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option("--all", "everything", is_flag=True, help="Also what is the same in both.")
@json_option
def command(first: str, second: str, everything: bool, as_json: bool) -> None:
    """The runs A and B beside each other: verdict, targets, times, budgets, alerts stage by stage, versions.

    A and B are ids, beginnings of ids that no other run has, or `latest`.

    \b
    chaos runs compare 20261120T09 latest
    chaos runs compare 20261120T09 20261121T09 --all --json

    Exit status: 0 both were printed, whatever changed; 2 there is no such run; 4 the store cannot be read.
    """
    from runner.runs.comparing import compare

    with opened("chaos runs compare") as store:
        one, other = store.run(first), store.run(second)
    facts = compare(one, other)
    if as_json:
        from runner.runs.documents import fact_document

        document = {"first": one.run_id, "second": other.run_id, "facts": [fact_document(fact) for fact in facts]}
        click.echo(json.dumps(document, indent=2))
        return
    from runner.cli.runs.compare_page import compare_page
    from runner.cli.slo.page import Page

    Page().print(*compare_page(one.run_id, other.run_id, facts, everything))
