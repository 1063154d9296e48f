"""Groups of sub-commands whose names and help are known without importing them: each is a module, loaded when used."""

import importlib
from collections.abc import Mapping
from typing import Any

import click

from runner.cli.expired_notice import offer_recovery


def lazy_group(package: str, commands: Mapping[str, str], name: str, unknown: str) -> type[click.Group]:
    """The class of a group: `commands` are names and what each does, `package` holds a module with `command` for each.

    `name` is how the group is called (`chaos slo`), `unknown` what an error of mlchaos itself leaves open.
    """

    from runner.cli.slo.ending import orderly_end  # here: its package is a group of this kind itself

    class Commands(click.Group):
        def list_commands(self, _ctx: click.Context) -> list[str]:
            return sorted(commands)

        def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
            if cmd_name not in commands:
                return None
            module = importlib.import_module(f"{package}.{cmd_name.replace('-', '_')}")
            command: click.Command = module.command
            return command

        def resolve_command(
            self, ctx: click.Context, args: list[str]
        ) -> tuple[str | None, click.Command | None, list[str]]:
            if args[0] not in commands and args[0][:1] != "-":
                raise click.NoSuchCommand(args[0], possibilities=sorted(commands), ctx=ctx)
            return super().resolve_command(ctx, args)

        def make_context(
            self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
        ) -> click.Context:
            with orderly_end(name, unknown):
                return super().make_context(info_name, args, parent, **extra)

        def invoke(self, ctx: click.Context) -> Any:
            with orderly_end(name, unknown):
                offer_recovery()
                return super().invoke(ctx)

        def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
            with formatter.section("Commands"):
                formatter.write_dl(sorted(commands.items()))

    return Commands
