"""Asking Prometheus from a command: what goes wrong becomes a line on stderr and an exit status."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from clients.prometheus import Prometheus, PrometheusError
from runner.cli.slo.progress import FIRST_SECONDS
from runner.exit_codes import Exit


@contextmanager
def told_while_waiting(url: str) -> Iterator[None]:
    """Says on stderr, when it has taken two seconds, what is waited for."""
    timer = threading.Timer(FIRST_SECONDS, click.echo, (f"waiting for {url} ...",), {"err": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def asked(url: str, timeout_seconds: float, command: str) -> Iterator[Prometheus]:
    """The Prometheus at `url`.

    Ends the program with 2 for an address that is none, with 4 when Prometheus cannot be asked.
    """
    try:
        prometheus = Prometheus(url, timeout=timeout_seconds)
    except PrometheusError as error:
        click.echo(f"{command}: {error}; give it with --prometheus", err=True)
        sys.exit(Exit.REFUSED)
    with prometheus:
        try:
            yield prometheus
        except PrometheusError as error:
            click.echo(f"{command}: {error}", err=True)
            sys.exit(Exit.INCONCLUSIVE)
