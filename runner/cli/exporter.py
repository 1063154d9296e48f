"""`chaos exporter`: faults in effect and results of runs, for Prometheus."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, NoReturn

import click

from runner.cli.orderly import orderly

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.exporter.looking import Looking
    from runner.exporter.serving import Server
    from runner.exporter.values import Bounds, Value

_NAME = "chaos exporter"
_DEFAULT_ADDRESS = "127.0.0.1:9667"
_END_SECONDS = 5.0
"""How long the end waits for a look that has begun."""


@click.command(
    cls=orderly(_NAME, "nothing is lost: what it serves is in the ledger and the store"),
    short_help="Serve faults in effect and results of runs to Prometheus.",
)
@click.option(
    "--listen",
    "address",
    default=_DEFAULT_ADDRESS,
    show_default=True,
    metavar="[HOST]:PORT",
    help="Where to serve /metrics; without HOST at every address of this machine.",
)
@click.option(
    "--every",
    type=click.FloatRange(min=0.1),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How often to look at the ledger and the store.",
)
@click.option("--max-experiments", type=click.IntRange(min=1), default=100, show_default=True, help="Most to serve.")
@click.option("--max-slos", type=click.IntRange(min=1), default=100, show_default=True, help="Most to serve.")
@click.option("--max-alerts", type=click.IntRange(min=1), default=200, show_default=True, help="Most to serve.")
def exporter(address: str, every: float, max_experiments: int, max_slos: int, max_alerts: int) -> None:
    """Serve what Prometheus may know of chaos: faults in effect, and the results of runs. Metrics: docs/exporter.md.

    It reads the ledgers that it can reach (KUBECONFIG or the cluster it runs in, MLCHAOS_NAMESPACE; and the one on this
    machine) and the results store (MLCHAOS_STORE, else this machine's), and writes nothing into a ledger. What cannot
    be read is not served, and mlchaos_source_up says so. It runs until SIGTERM or Ctrl-C. deploy/exporter.yaml runs it
    in a cluster. It logs logfmt to standard error.

    Exit status: 0 it was told to stop; 2 it cannot listen there.

    \b
    Example: chaos exporter --listen :9667
    """
    from runner.exporter.values import Bounds
    from runner.logfmt import log_in_logfmt

    host, port = _listen_at(address)
    log_in_logfmt()
    sources = _sources(every, Bounds(max_experiments, max_slos, max_alerts))
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    server = _serve(address, host, port, sources)
    for source in sources:
        source.start()
    ended.wait()
    server.close()
    for source in sources:
        source.stop(_END_SECONDS)


def _listen_at(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65_535:
        _refuse(
            f"--listen {address!r} is no address to listen at: write HOST:PORT or :PORT, such as {_DEFAULT_ADDRESS}"
        )
    return host.strip("[]"), int(port)


def _sources(every: float, bounds: Bounds) -> tuple[Looking, ...]:
    from runner.exporter import store
    from runner.exporter.ledgers import Ledgers
    from runner.exporter.looking import Looking

    ledgers = Ledgers()
    return (
        Looking("ledger", ledgers.look, every, ledgers.close),
        Looking("store", lambda: store.look(bounds), every),
    )


def _serve(address: str, host: str, port: int, sources: tuple[Looking, ...]) -> Server:
    import logging
    from importlib.metadata import version

    from runner.exporter.metrics import BUILD_INFO
    from runner.exporter.serving import Server
    from runner.exporter.values import Value

    build = Value(BUILD_INFO, 1.0, (version("mlchaos"),))

    def values() -> Iterable[Value]:
        yield build
        for source in sources:
            yield from source.values()

    try:
        server = Server(host, port, values)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        _refuse(f"cannot listen at {address}: {reason}; give another address with --listen")
    server.start()
    logging.getLogger("chaostoolkit").info("Serving %s", server.url)
    return server


def _refuse(problem: str) -> NoReturn:
    from runner.cli.slo.ending import fail
    from runner.exit_codes import Exit

    fail(_NAME, problem, Exit.REFUSED)
