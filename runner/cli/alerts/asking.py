"""Alertmanager and the keeper of pages, asked by a command: what goes wrong is a line on stderr and an exit status."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import click

from clients.alertmanager import ALERTMANAGER_VARIABLE, Alertmanager
from clients.json_http import HttpError
from clients.pages import PAGES_VARIABLE
from runner.cli.slo.ending import fail
from runner.exit_codes import Exit

F = TypeVar("F", bound=Callable[..., None])


def alertmanager_option(command: F) -> F:
    return click.option(
        "--alertmanager",
        "alertmanager_url",
        envvar=ALERTMANAGER_VARIABLE,
        show_envvar=True,
        default="",
        help="Address of Alertmanager, such as http://alertmanager.example:9093.",
    )(command)


def pages_option(command: F) -> F:
    return click.option(
        "--pages",
        "pages_url",
        envvar=PAGES_VARIABLE,
        show_envvar=True,
        default="",
        help="Address of what keeps notifications: the lab's pager, or chaos alerts sink.",
    )(command)


@contextmanager
def asked_alertmanager(url: str, timeout_seconds: float, command: str) -> Iterator[Alertmanager]:
    """The Alertmanager at `url`. Ends the program with 2 without an address, with 4 when it cannot be asked."""
    if not url:
        fail(
            command,
            f'no address of Alertmanager: set {ALERTMANAGER_VARIABLE} (in the lab: eval "$(chaos lab env)") or give '
            "--alertmanager ADDRESS",
            Exit.REFUSED,
        )
    try:
        server = Alertmanager(url, timeout_seconds)
    except HttpError as error:
        fail(command, f"{error} (--alertmanager, or {ALERTMANAGER_VARIABLE})", Exit.REFUSED)
    try:
        yield server
    except HttpError as error:
        fail(command, str(error), Exit.INCONCLUSIVE)
    finally:
        server.close()
