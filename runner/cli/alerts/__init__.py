"""`chaos alerts`: the way from an alert to the person who should be paged.

Each command lives in a module of its own, imported when it is used.
"""

import click

from runner.cli.lazy_group import lazy_group

_COMMANDS = {
    "coverage": "Which page alerts runs have proven, when, and how fast.",
    "deadman": "Does the alert that always fires arrive?",
    "route": "Which receivers an alert reaches, and what mutes it.",
    "sink": "Receive notifications and keep them, so that runs can see them.",
    "test": "Run an experiment and follow its alerts, stage by stage.",
}


@click.command(
    cls=lazy_group("runner.cli.alerts", _COMMANDS, "chaos alerts", "nothing is known of any alert"),
    short_help="The way of alerts: who is paged, whether it is proven, whether it works now.",
)
def alerts() -> None:
    """The way from an alert to the person who should be paged: where it leads, whether it works, what has proven it.

    \b
    chaos alerts coverage                       every page alert: proven when, how fast, or never
    chaos alerts route alertname=X severity=page
    chaos alerts deadman                        whether anything would come through at all
    chaos alerts test experiments/alerts/llm-availability.yaml

    Each command's --help tells its exit status. For all of them: 130 is Ctrl-C, 70 an error of mlchaos itself. With
    --json, what fails prints a document with the key `error`.
    """
