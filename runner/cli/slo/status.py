"""`chaos slo status`."""

import json
from pathlib import Path

import click

from runner.cli.slo.at_time import at_or_now
from runner.cli.slo.choice import choice_options, choose, nothing_recorded, read_chosen
from runner.cli.slo.ending import fail
from runner.cli.slo.figures import printable
from runner.cli.slo.options import at_option, json_option, prometheus_option, timeout_option
from runner.cli.slo.prometheus import asked, told_while_waiting
from runner.cli.slo.status_document import status_document
from runner.cli.slo.status_table import table
from runner.cli.slo.terminal import paint, say, width
from runner.exit_codes import Exit
from slos.budget.status import worst_first


@click.command()
@choice_options
@at_option
@json_option
@prometheus_option
@timeout_option
def command(
    names: tuple[str, ...],
    service: str | None,
    files: tuple[Path, ...],
    at: str | None,
    as_json: bool,
    prometheus_url: str,
    timeout_seconds: float,
) -> None:
    """Every SLO that Prometheus records, the worst first: state, budget left, when it is gone, SLI, burn rates.

    With names or a --file it is those SLOs; what Prometheus does not record of them is shown as unknown. A `?` is a
    figure that is not known, and a state is good only when all it needs is known. Exit status: 0 when everything could
    be read, whatever the states (to gate on them: chaos slo check), 2 for bad usage, 4 when Prometheus cannot be asked
    or records none of them.

    \b
    Example: chaos slo status
             chaos slo status --service llm --at 2026-11-22T03:00:00Z
             chaos slo status --file slos/catalog --json
    """
    choice = choose(names, service, files)
    moment = at_or_now(at)
    with asked(prometheus_url, timeout_seconds, "chaos slo status") as prometheus, told_while_waiting(prometheus.url):
        statuses = worst_first(read_chosen(prometheus, moment, choice, at is not None))
    document = {"at": moment, "prometheus": prometheus.url, "slos": [status_document(one) for one in statuses]}
    if not any(one.recorded for one in statuses):
        nothing = printable(nothing_recorded(prometheus.url, choice, statuses, at is not None))
        fail("chaos slo status", nothing, Exit.INCONCLUSIVE, document)
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        say(table(statuses, moment, width(), paint))
