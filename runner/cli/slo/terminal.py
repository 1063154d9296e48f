"""What a terminal is like: its width, and whether it shows colours."""

import os
import shutil
import sys

import click

PLAIN_WIDTH = 100
"""Columns where there is no terminal to ask."""


def width() -> int:
    """Columns of the terminal, or of COLUMNS."""
    return shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns


def paint(text: str, style: str) -> str:
    """The text in a colour where standard output is a terminal and NO_COLOR is not set."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return text
    return click.style(text, fg=style)
