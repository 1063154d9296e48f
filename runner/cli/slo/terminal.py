"""The terminal: how wide it is, with colours or without, in its encoding, and steered by nobody else."""

import os
import shutil
import sys

import click

from runner.cli.slo.figures import printable

PLAIN_WIDTH = 100
"""Columns where there is no terminal to ask."""
LEAST_WIDTH = 20


def width() -> int:
    """Columns of the terminal, or of COLUMNS; no fewer than a table can use."""
    return max(shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns, LEAST_WIDTH)


def say(text: str) -> None:
    """Print a line; what the output cannot encode becomes a question mark."""
    encoding = sys.stdout.encoding or "ascii"
    click.echo(text.encode(encoding, "replace").decode(encoding))


def tell(text: str) -> None:
    """Print a line on standard error, whatever is in it: names and texts from elsewhere do not steer the terminal."""
    click.echo(printable(text), err=True)


def paint(text: str, style: str) -> str:
    """The text in a colour where standard output is a terminal and NO_COLOR is not set."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return text
    return click.style(text, fg=style)
