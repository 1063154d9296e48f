"""Options that say which runs are meant."""

import time
from collections.abc import Callable
from typing import TypeVar

import click

from runner.cli.slo.at_time import AtTimeError, parse_at
from runner.outcome import Outcome
from runner.runs.record import DIED, RUNNING
from runner.store.values import RunFilter

F = TypeVar("F", bound=Callable[..., None])

VERDICTS = (*(outcome.value for outcome in Outcome), DIED, RUNNING)


def _moment(_context: click.Context, _option: click.Parameter, text: str | None) -> float | None:
    """A time, Unix seconds, or an age."""
    try:
        return None if text is None else parse_at(text, time.time())
    except AtTimeError as error:
        raise click.BadParameter(str(error)) from error


def which_options(command: F) -> F:
    """--experiment, --verdict, --tag, --since and --until, all of which must fit."""
    for option in (
        click.option("--until", callback=_moment, metavar="TIME", help="Those that began before: like --since."),
        click.option(
            "--since",
            callback=_moment,
            metavar="TIME",
            help="Those that began then or later: a time such as 2026-11-22T03:00:00Z, Unix seconds, or an age (7d).",
        ),
        click.option("--tag", default="", help="Those whose experiment has this tag."),
        click.option(
            "--verdict", "verdicts", multiple=True, type=click.Choice(VERDICTS), help="May be given several times."
        ),
        click.option(
            "--experiment", default="", metavar="TEXT", help="Those with this in the title or the file's name."
        ),
    ):
        command = option(command)
    return command


def chosen(
    experiment: str,
    verdicts: tuple[str, ...],
    tag: str,
    since: float | None,
    until: float | None,
    limit: int | None = None,
) -> RunFilter:
    """What the options ask for."""
    return RunFilter(experiment, verdicts, tag, since, until, limit)
