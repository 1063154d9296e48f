"""`chaos slo`: SLOs, checked, compiled, queried and reviewed.

Each command lives in a module of its own, imported when it is used.
"""

import click

from runner.cli.lazy_group import lazy_group

_COMMANDS = {
    "backtest": "What an SLO would have paged over recorded history.",
    "burn": "One SLO's budget: how it was spent, when, and by what.",
    "check": "Gate on SLOs: exit 0 only when they are known to be good.",
    "rules": "Compile SLOs to Prometheus rules.",
    "status": "Every SLO: burn rates, budget left, when it is gone.",
    "test-rules": "Unit-test the rules with promtool.",
    "validate": "Find everything that is wrong with SLO files.",
}


@click.command(
    cls=lazy_group("runner.cli.slo", _COMMANDS, "chaos slo", "nothing is known of any SLO"),
    short_help="Service level objectives: check, compile, query and review them.",
)
def slo() -> None:
    """Service level objectives: check, compile, query and review them.

    \b
    chaos slo status                 every SLO that Prometheus records
    chaos slo burn llm-availability  what spent its budget
    chaos slo validate slos/         everything that is wrong with the files
    chaos slo rules slos/ --out rules.yml

    Each command's --help tells its exit status. For all of them: 130 is Ctrl-C, 70 an error of mlchaos itself. With
    --json, what fails prints a document with the key `error`.
    """
