"""Standard output, as it is: how wide, with colours or without, and in its encoding."""

import os
import shutil
import sys

import click

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


def paint(text: str, style: str) -> str:
    """The text in a colour where standard output is a terminal and NO_COLOR is not set."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return text
    return click.style(text, fg=style)
