"""Asking Prometheus from a command: what goes wrong becomes a line on stderr and an exit status."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from clients.prometheus import Prometheus, PrometheusError
from runner.exit_codes import Exit


@contextmanager
def asked(url: str, timeout_seconds: float, command: str) -> Iterator[Prometheus]:
    """The Prometheus at `url`. Ends the program with 2 for an address that is none, with 4 when it cannot be asked."""
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
