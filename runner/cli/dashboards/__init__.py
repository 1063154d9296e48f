"""`chaos dashboards`: our Grafana dashboards, generated, compared and brought into a Grafana.

Each command lives in a module of its own, imported when it is used.
"""

import importlib

import click

_COMMANDS = {
    "build": "Generate the JSON of every dashboard.",
    "diff": "What a push would change in Grafana.",
    "push": "Bring the dashboards into Grafana; only what differs is saved.",
}


class _Commands(click.Group):
    """A group that knows its commands' names and help without importing them."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"runner.cli.dashboards.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS and args[0][:1] != "-":
            raise click.NoSuchCommand(args[0], possibilities=sorted(_COMMANDS), ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.command(cls=_Commands, short_help="Grafana dashboards: build, compare and push them.")
def dashboards() -> None:
    """Grafana dashboards: SLOs, chaos runs, the alert path, ML serving, training, GPUs.

    \b
    chaos dashboards diff     what differs in the Grafana that GRAFANA_URL names
    chaos dashboards push     put it right there
    chaos dashboards build    generate their JSON, for Grafana's own provisioning

    What each shows: docs/dashboards.md.
    """
