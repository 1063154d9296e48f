"""`chaos dashboards push`."""

import json
from pathlib import Path

import click

from runner.cli.dashboards.options import chosen, connected, give_up, grafana_options
from runner.cli.slo.ending import fail
from runner.cli.slo.terminal import tell
from runner.exit_codes import Exit

_NAME = "chaos dashboards push"


@click.command()
@grafana_options
@click.option("--dry-run", is_flag=True, help="Say what would be saved, and save nothing.")
def command(
    names: tuple[str, ...],
    url: str,
    folder_uid: str,
    directory: Path | None,
    timeout_seconds: float,
    as_json: bool,
    dry_run: bool,
) -> None:
    """Bring the dashboards into the Grafana that GRAFANA_URL names, with the token in GRAFANA_TOKEN.

    Only dashboards that differ are saved, so a second push changes nothing. Dashboards that are not ours (by uid and
    by the tag mlchaos) are never touched: where one has a uid of ours, nothing is written at all. What somebody has
    changed in one of ours by hand is overwritten; Grafana's version history keeps it.

    Exit status: 0 Grafana has them all, 2 bad input or refused by Grafana, 4 Grafana does not answer.

    \b
    Example: GRAFANA_URL=https://grafana.example GRAFANA_TOKEN=... chaos dashboards push --dry-run
             chaos dashboards push slo-overview slo-in-depth
    """
    from clients.grafana import GrafanaError
    from runner.cli.dashboards.page import document, page
    from runner.cli.slo.page import Page
    from runner.dashboards.publishing import ForeignDashboardError, Step, compare, push

    dashboards = chosen(_NAME, directory, names)
    grafana = connected(_NAME, url, timeout_seconds)
    done: list[Step] = []
    try:
        steps = compare(grafana, dashboards, folder_uid)
        if dry_run:
            done += steps
        else:
            for step in push(grafana, steps, folder_uid, _message()):
                done.append(step)
                if step.saves:
                    tell(f"{_NAME}: saved {step.dashboard.name}")
    except ForeignDashboardError as error:
        fail(_NAME, f"{error}; nothing was written", Exit.REFUSED)
    except GrafanaError as error:
        saved = [step.dashboard.name for step in done if step.saves]
        tell(f"{_NAME}: saved before that: {', '.join(saved) or 'nothing'}")
        give_up(_NAME, error, {"saved": saved})
    finally:
        grafana.close()
    if as_json:
        click.echo(json.dumps({"dry_run": dry_run, **document(done, folder_uid)}, indent=2))
    else:
        Page().print(*page(done, done=not dry_run))


def _message() -> str:
    """What Grafana's version history says of it."""
    from importlib.metadata import version

    return f"mlchaos {version('mlchaos')}"
