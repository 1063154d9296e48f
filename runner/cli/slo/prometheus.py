"""Asking Prometheus from a command: what goes wrong becomes a line on stderr and an exit status."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from clients.prometheus import SET_ADDRESS, Prometheus, PrometheusError
from runner.cli.slo.ending import fail
from runner.cli.slo.progress import FIRST_SECONDS
from runner.cli.slo.terminal import tell
from runner.exit_codes import Exit


@contextmanager
def told_while_waiting(url: str) -> Iterator[None]:
    """Says on stderr, when it has taken two seconds, what is waited for."""
    timer = threading.Timer(FIRST_SECONDS, tell, (f"waiting for {url} ...",))
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
    if not url:
        fail(command, f"no address of Prometheus: {SET_ADDRESS} or give --prometheus ADDRESS", Exit.REFUSED)
    try:
        prometheus = Prometheus(url, timeout=timeout_seconds)
    except PrometheusError as error:
        fail(command, f"{error} (--prometheus, or PROMETHEUS_URL)", Exit.REFUSED)
    with prometheus:
        try:
            yield prometheus
        except PrometheusError as error:
            fail(command, str(error), Exit.INCONCLUSIVE)
