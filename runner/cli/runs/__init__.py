"""`chaos runs`: the runs that were, out of the results store.

Each command lives in a module of its own, imported when it is used.
"""

import click

from runner.cli.lazy_group import lazy_group

_COMMANDS = {
    "compare": "Two runs beside each other: what changed.",
    "export": "Runs as JSON lines or CSV.",
    "list": "The runs there were, newest first.",
    "prune": "Forget old runs.",
    "show": "All that is known of one run.",
    "trends": "How each experiment has done over time.",
}


@click.command(
    cls=lazy_group("runner.cli.runs", _COMMANDS, "chaos runs", "nothing is known of any run"),
    short_help="The runs there were: list, show, compare, export them, and how they changed.",
)
def runs() -> None:
    """The runs there were: what was broken, what it cost, who was paged, how it ended, and how that changes.

    They are kept in the results store: MLCHAOS_STORE (the URL of a PostgreSQL or SQLite database), by default the file
    results.db in the state directory. A run that died is in it, too. RUN is a run's id, a beginning of it that no other
    has, or `latest`.

    \b
    chaos runs list --since 7d --verdict breached
    chaos runs show latest
    chaos runs compare 20261122T163800Z-ab12cd latest
    chaos runs trends

    Each command's --help tells its exit status. For all of them: 130 is Ctrl-C, 70 an error of mlchaos itself. With
    --json, what fails prints a document with the key `error`.
    """
