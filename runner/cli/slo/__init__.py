"""`chaos slo`: SLOs, checked, compiled, queried and reviewed.

Each command lives in a module of its own, imported when it is used.
"""

import importlib
from typing import Any

import click

from runner.cli.expired_notice import offer_recovery
from runner.cli.slo.ending import orderly_end

_COMMANDS = {
    "backtest": "What an SLO would have paged over recorded history.",
    "burn": "One SLO's budget: how it was spent, when, and by what.",
    "check": "Gate on SLOs: exit 0 only when they are known to be good.",
    "rules": "Compile SLOs to Prometheus rules.",
    "status": "Every SLO: burn rates, budget left, when it is gone.",
    "test-rules": "Unit-test the rules with promtool.",
    "validate": "Find everything that is wrong with SLO files.",
}


class _Commands(click.Group):
    """A group that knows its commands' names and help without importing them."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"runner.cli.slo.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS and args[0][:1] != "-":
            raise click.NoSuchCommand(args[0], possibilities=sorted(_COMMANDS), ctx=ctx)
        return super().resolve_command(ctx, args)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        with orderly_end():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with orderly_end():
            offer_recovery()
            return super().invoke(ctx)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.command(cls=_Commands, short_help="Service level objectives: check, compile, query and review them.")
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
