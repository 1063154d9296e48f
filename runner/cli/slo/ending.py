"""How a `chaos slo` command ends that cannot do its work: a line, with --json a document, no status of a verdict.

Python's own way out of an exception is status 1, which says of a gate that an SLO is breached.
"""

import json
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import click

from runner.cli.slo.figures import printable
from runner.cli.slo.terminal import tell
from runner.exit_codes import Exit

INTERRUPTED = 130
"""128 + SIGINT, as shells have it for what Ctrl-C ends."""
NOBODY_READS = 141
"""128 + SIGPIPE, as shells have it for a pipe whose reader has left."""
INTERNAL_ERROR = 70
"""EX_SOFTWARE of sysexits.h: no verdict of any command."""


def fail(command: str, message: str, status: Exit, more: Mapping[str, Any] | None = None) -> NoReturn:
    """End the command: the message on stderr, and with --json as `error` of a document, that may have `more` keys."""
    tell(f"{command}: {message}")
    print_error_document(message, more)
    sys.exit(status)


def print_error_document(message: str, more: Mapping[str, Any] | None = None) -> None:
    """With --json, print a document that says why there is no other; without, nothing."""
    context = click.get_current_context(silent=True)
    if context is not None:
        _print_document(context, message, more)


@contextmanager
def orderly_end(command: str = "chaos slo", unknown: str = "nothing is known of any SLO") -> Iterator[None]:
    """Ends the program for what no command handles: output that cannot be written, Ctrl-C, an error of mlchaos.

    `unknown` is what an error of mlchaos leaves open.
    """
    if sys.stdout is None:  # Python's way to say that it is closed
        _refuse_output(command, "standard output is closed")
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except click.UsageError as error:
        if error.ctx is not None:
            _print_document(error.ctx, error.format_message())
        message = error.format_message()
        shown = printable(message, kept="\n\t")  # click lists choices on lines of their own
        if shown != message:
            raise click.UsageError(shown, error.ctx) from error
        raise
    except (click.ClickException, click.exceptions.Exit):
        raise
    except (KeyboardInterrupt, click.Abort):
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001 (whatever it is, its status would be that of a breached SLO)
        if isinstance(error, OSError) and error.errno is not None and error.filename is None:
            _give_up_output(command, error)  # commands deal with files, that have names, and with servers themselves
        traceback.print_exc()
        what = " ".join(f"{type(error).__name__}: {error}".split())
        tell(f"{command}: internal error: {what}: {unknown}; please report it")
        sys.exit(INTERNAL_ERROR)


def _give_up_output(command: str, cause: OSError) -> NoReturn:
    with suppress(OSError, ValueError):  # a test's output has no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the last flush does not fail, too
    if isinstance(cause, BrokenPipeError):
        sys.exit(NOBODY_READS)
    _refuse_output(command, (cause.strerror or str(cause)).lower())


def _refuse_output(command: str, why: str) -> NoReturn:
    with suppress(OSError):
        tell(f"{command}: cannot write the output: {why}")
    sys.exit(Exit.REFUSED)


def _print_document(context: click.Context, message: str, more: Mapping[str, Any] | None = None) -> None:
    if context.params.get("as_json"):
        click.echo(json.dumps({"error": message, **(more or {})}, indent=2))
