"""SLO files for the commands that need good ones."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from runner.exit_codes import Exit
from runner.slo.files import CATALOG, load
from slos.model import SloSet
from slos.problems import Problem


def load_or_exit(paths: Sequence[Path]) -> SloSet:
    """The SLOs of files and directories, of the catalogue when none is named.

    Says every problem on standard error, and ends the command with Exit.REFUSED if one of them is an error.
    """
    loaded = load(paths or (CATALOG,))
    print_problems(loaded.problems)
    if not loaded.ok:
        sys.exit(Exit.REFUSED)
    return loaded.slos


def print_problems(problems: Iterable[Problem]) -> None:
    """One line for each on standard error."""
    for problem in problems:
        click.echo(str(problem), err=True)
