"""Commands that end in an orderly way, whatever happens: with a line that says it, and never with a traceback alone."""

from typing import Any

import click

from runner.cli.slo.ending import orderly_end


def orderly(command: str, unknown: str) -> type[click.Command]:
    """A class for the command named so; `unknown` is what an error of mlchaos itself leaves open."""

    class Orderly(click.Command):
        def make_context(
            self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
        ) -> click.Context:
            with orderly_end(command, unknown):
                return super().make_context(info_name, args, parent, **extra)

        def invoke(self, ctx: click.Context) -> Any:
            with orderly_end(command, unknown):
                return super().invoke(ctx)

    return Orderly
