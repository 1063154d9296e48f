"""`chaos dashboards`: our Grafana dashboards, generated, compared and brought into a Grafana.

Each command lives in a module of its own, imported when it is used.
"""

import click

from runner.cli.lazy_group import lazy_group

_COMMANDS = {
    "build": "Generate the JSON of every dashboard.",
    "diff": "Say what a push would change in Grafana.",
    "push": "Bring the dashboards into Grafana; only what differs is saved.",
}


@click.command(
    cls=lazy_group("runner.cli.dashboards", _COMMANDS, "chaos dashboards", "some dashboards may have been saved"),
    short_help="Grafana dashboards: build, compare and push them.",
)
def dashboards() -> None:
    """Grafana dashboards: SLOs, chaos runs, the alert path, ML serving, training, GPUs.

    \b
    chaos dashboards diff     what differs in the Grafana that GRAFANA_URL names
    chaos dashboards push     put it right there
    chaos dashboards build    generate their JSON, for Grafana's own provisioning

    What each shows: docs/dashboards.md.
    """
