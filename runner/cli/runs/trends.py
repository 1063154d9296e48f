"""`chaos runs trends`."""

import json

import click

from runner.cli.runs.choice import chosen, which_options
from runner.cli.runs.opened import opened
from runner.cli.slo.options import json_option


@click.command(name="trends", short_help="How each experiment has done over time.")
@which_options
@json_option
def command(
    experiment: str, verdicts: tuple[str, ...], tag: str, since: float | None, until: float | None, as_json: bool
) -> None:
    """How each experiment has done over time: how often it held, and the times and the budget that it took.

    Figures are medians of the last 5 runs; beside each stands how much more or less that is than in all runs before.
    Runs that broke nothing, went on, or died are left out. With --json every run is in it, for plots of your own.

    \b
    chaos runs trends --since 90d
    chaos runs trends --experiment llm --json

    Exit status: 0 the trends were printed; 2 bad input; 4 the store cannot be read.
    """
    from runner.runs.trends import trends_of

    with opened("chaos runs trends") as store:
        trends = trends_of(store.trends(chosen(experiment, verdicts, tag, since, until)))
        place = store.place
    if as_json:
        from runner.runs.documents import trend_document

        click.echo(json.dumps({"store": place, "trends": [trend_document(trend) for trend in trends]}, indent=2))
        return
    from runner.cli.runs.trends_page import trends_page
    from runner.cli.slo.page import Page

    page = Page()
    page.print(*trends_page(trends, place, page.unicode))
