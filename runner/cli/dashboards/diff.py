"""`chaos dashboards diff`."""

import json
import sys
from pathlib import Path

import click

from runner.cli.dashboards.options import chosen, connected, give_up, grafana_options
from runner.cli.slo.terminal import say
from runner.exit_codes import Exit

_NAME = "chaos dashboards diff"


@click.command()
@grafana_options
def command(
    names: tuple[str, ...],
    url: str,
    folder_uid: str,
    directory: Path | None,
    timeout_seconds: float,
    as_json: bool,
) -> None:
    """Say what a push would change in the Grafana that GRAFANA_URL names. Nothing is changed.

    NAMEs are those of the files: slo-overview, alert-path. Without any, all dashboards are compared.

    Exit status: 0 nothing differs, 1 something does, 2 bad input or refused by Grafana, 4 Grafana does not answer.

    \b
    Example: GRAFANA_URL=https://grafana.example GRAFANA_TOKEN=... chaos dashboards diff
             chaos dashboards diff slo-overview --json | jq .dashboards[].differences
    """
    from clients.grafana import GrafanaError
    from runner.cli.dashboards.page import details, document, page
    from runner.cli.slo.page import Page
    from runner.dashboards.publishing import compare

    dashboards = chosen(_NAME, directory, names)
    grafana = connected(_NAME, url, timeout_seconds)
    try:
        steps = compare(grafana, dashboards, folder_uid)
    except GrafanaError as error:
        give_up(_NAME, error)
    finally:
        grafana.close()
    if as_json:
        click.echo(json.dumps(document(steps, folder_uid), indent=2))
    else:
        Page().print(*page(steps, done=False))
        for line in details(steps):
            say(line)
    sys.exit(Exit.HELD if all(step.change == "same" for step in steps) else Exit.BREACHED)
